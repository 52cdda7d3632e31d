#!/usr/bin/env node
import { backendInfo } from "../index.ts";

console.log(backendInfo());
