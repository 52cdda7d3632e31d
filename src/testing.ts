export { platformPackage } from "./backend/native/load.ts";
