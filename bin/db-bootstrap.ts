#!/usr/bin/env node
import { main } from '../lib/cli/main.js';

const code = await main(process.argv.slice(2));
// Output that could not be written has set it already.
if (code !== 0) process.exitCode = code;
