// A transfer by an instrumented copy of token.wat, metered by the copy itself: node metered.js metered.wasm 10000
'use strict';
const fs = require('fs');
const [file, gas] = process.argv.slice(2);
const price = (bytes) => BigInt(Math.ceil(bytes / 64)); // host.bytes of the schedule
let token;
const touch = (bytes) => token['etalon.charge'](price(bytes)); // before the host touches them
const env = { storage_read: () => touch(8), storage_write: () => touch(8) };
token = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)), { env }).exports;
new DataView(token.memory.buffer).setBigUint64(64, 1000n, true); // the balance
token['etalon.begin'](BigInt(gas));
let end = 'returned';
try { token.transfer(1, 2, 500n); } catch (error) { end = `trapped: ${error.message}`; }
end = ['', 'out of gas', 'stack overflow', 'heap exhaustion'][token['etalon.stopped'].value] || end;
const left = token['etalon.gas_left'].value;
console.log(`${end}, consumed ${BigInt(gas) - (left < 0n ? 0n : left)}`);
