# Runs with a read-only root file system (docker run --read-only --tmpfs /tmp): only the volume is written to.
# Nothing is built: Node runs the TypeScript that lies here. The first stage only fetches the libraries.
FROM node:24-bookworm-slim AS libraries
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs its install script. The image has its own Node, so the one from npm is left out.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Signalman" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
  SIGNALMAN_CONFIG=/etc/signalman/signalman.yml
WORKDIR /app
COPY --from=libraries /app/node_modules ./node_modules
COPY package.json LICENSE manifest.yml signalman.schema.json ./
COPY bin ./bin
COPY src ./src
COPY prompts ./prompts
COPY runbooks ./runbooks
COPY governance ./governance
# For the PostgreSQL that comes along, where DATABASE_URL is not set: database.dataFolder: /var/lib/signalman
RUN install -d -o node -g node -m 0700 /var/lib/signalman
VOLUME /var/lib/signalman
USER node
EXPOSE 8484 8486
STOPSIGNAL SIGTERM
# Of a process with the door. The roles worker and executor have none: docker-compose.yml switches it off for them.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8484/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/signalman.js"]
CMD ["start"]
