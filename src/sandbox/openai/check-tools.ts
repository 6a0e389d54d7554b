import type { ChatRequest } from "./chat-request.ts";
import { strictSchemaFault } from "./check-strict-schema.ts";

export interface ToolsFault {
  message: string;
  param: string;
}

/**
 * Why OpenAI refuses the tools of a request, or what became of earlier calls of them, in its words; undefined when it
 * takes them. Source: https://platform.openai.com/docs/guides/function-calling and the API's answers.
 */
export function toolsFault({ tools, tool_choice, messages }: ChatRequest): ToolsFault | undefined {
  if (tools === undefined && tool_choice !== undefined && tool_choice !== "none") {
    return {
      message: "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      param: "tool_choice",
    };
  }
  for (const [index, { function: offered }] of (tools ?? []).entries()) {
    const { name, strict, parameters } = offered;
    if (!functionName.test(name)) return badName(`tools[${index}].function.name`);
    const fault = strict === true ? strictSchemaFault(parameters ?? {}) : undefined;
    if (fault !== undefined) {
      const param = `tools[${index}].function.parameters`;
      return { message: `Invalid schema for function '${name}': ${fault}`, param };
    }
  }
  return conversationFault(messages);
}

/** Every call must be answered at once and by its id, and nothing else may be answered. */
function conversationFault(messages: ChatRequest["messages"]): ToolsFault | undefined {
  const open = new Set<string>();
  for (const [index, { role, tool_calls, tool_call_id }] of messages.entries()) {
    const param = `messages.[${index}].role`;
    if (role === "tool") {
      if (tool_call_id === undefined || !open.delete(tool_call_id)) {
        const message =
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
        return { message, param };
      }
      continue;
    }
    if (open.size > 0) return unanswered(open, param);
    for (const { id, function: called } of role === "assistant" ? (tool_calls ?? []) : []) {
      if (!functionName.test(called.name)) return badName(`messages[${index}].tool_calls.function.name`);
      if (open.has(id))
        return { message: `Duplicate tool_call id '${id}'.`, param: `messages.[${index}].tool_calls` };
      open.add(id);
    }
  }
  return open.size === 0 ? undefined : unanswered(open, `messages.[${messages.length - 1}].role`);
}

const functionName = /^[a-zA-Z0-9_-]{1,64}$/;

function badName(param: string): ToolsFault {
  return { message: `Invalid '${param}': string does not match pattern '^[a-zA-Z0-9_-]+$'.`, param };
}

function unanswered(open: ReadonlySet<string>, param: string): ToolsFault {
  return {
    message: `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
    param,
  };
}
