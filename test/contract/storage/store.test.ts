import { availableDatabases } from "../../support/databases.ts";
import { storeConformance } from "./store-conformance.ts";

for (const database of availableDatabases()) storeConformance(database);
