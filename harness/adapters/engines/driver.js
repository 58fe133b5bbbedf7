// WebAssembly of a JavaScript engine, for Etalon: the protocol of docs/engine-protocol.md on standard input and output. It runs
// in node and what is like it (bun), in a shell that has only `readline` and `print` (jsc), and in a page of a browser, which is
// handed requests by calls of `window.etalon` and says answers by `dump` (firefox). In node programs.js stands before it.
//
// JavaScript has no way to hand over a vector, and may change the bits of a NaN. So no float and no vector passes: small
// modules, made here, stand between, and hand over bits as integers.
'use strict';
const isPage = typeof window !== 'undefined';
const isShell = !isPage && typeof process === 'undefined';
const isNode = !isPage && !isShell;
const engine = isPage ? 'spidermonkey' : isShell ? 'jsc' : process.versions.bun ? 'bun' : 'v8';
const version = isPage ? (/Firefox\/(\S+)/.exec(navigator.userAgent) || ['', ''])[1] : isShell ? '' : process.versions[engine];
const leave = isPage ? () => null : isShell ? quit : () => process.exit(0);
const utf8 = (string) => [...unescape(encodeURIComponent(string))].map((char) => char.charCodeAt(0));
const base64 = (string) => (isNode ? Buffer.from(string, 'base64') : Uint8Array.fromBase64(string));
const fs = isNode ? require('fs') : null;
// Programs of WASI, where they run.
const runner = typeof programs === 'undefined' ? null : programs;
let said = 0;
const say = (answer) => {
  const line = JSON.stringify(answer);
  said++;
  if (isPage) return dump(`etalon:${line}\n`);
  if (isShell) return print(line);
  let bytes = Buffer.from(line + '\n');
  while (bytes.length > 0) bytes = bytes.subarray(fs.writeSync(1, bytes));
};

// ---- Small modules. A value type is a byte here; what hands over its bits is one or two others.
const CODE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, funcref: 0x70, externref: 0x6f, anyref: 0x6e, exnref: 0x69 };
const BITS = { f32: ['i32'], f64: ['i64'], v128: ['i64', 'i64'] };
const bits = (types) => types.flatMap((type) => BITS[type] || [type]);
const plain = (types) => types.every((type) => type in CODE);
const number = (n, out = []) => {
  for (n = BigInt(n); n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128);
  return out.push(Number(n)), out;
};
const signed = (n, size, out = []) => {
  for (n = BigInt.asIntN(size, BigInt(n)); n > 63n || n < -64n; n >>= 7n) out.push(Number(n & 127n) | 128);
  return out.push(Number(n & 127n)), out;
};
const list = (items) => [...number(items.length), ...items.flat()];
const text = (string) => list(utf8(string));
const section = (id, items) => (items.length ? [id, ...number(list(items).length), ...list(items)] : []);
const func = (params, results) => [0x60, ...list(params.map((type) => CODE[type])), ...list(results.map((type) => CODE[type]))];
const modules = new Map();
const small = (key, sections) => {
  if (!modules.has(key)) modules.set(key, new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections().flat()])));
  return modules.get(key);
};
const body = (locals, code) => {
  const all = [...list(locals.map((type) => [1, CODE[type]])), ...code, 0x0b];
  return [...number(all.length), ...all];
};
// From the locals `first`, … that hold bits, to values on the stack.
const fromBits = (types, first = 0) => types.flatMap((type) => {
  const get = () => [0x20, ...number(first++)];
  if (type === 'f32') return [...get(), 0xbe];
  if (type === 'f64') return [...get(), 0xbf];
  if (type === 'v128') return [...get(), 0xfd, 0x12, ...get(), 0xfd, 0x1e, 1];
  return get();
});
// From the locals `first`, … that hold values, to bits on the stack.
const toBits = (types, first = 0) => types.flatMap((type, i) => {
  const get = [0x20, ...number(first + i)];
  if (type === 'f32') return [...get, 0xbc];
  if (type === 'f64') return [...get, 0xbd];
  if (type === 'v128') return [...get, 0xfd, 0x1d, 0, ...get, 0xfd, 0x1d, 1];
  return get;
});
// Calls a function with bits, and gives bits.
const caller = (params, results) => small(`call ${params} ${results}`, () => {
  const first = bits(params).length;
  const sets = results.map((_, i) => [0x21, ...number(first + i)]).reverse().flat();
  return [
    section(1, [func(params, results), func(bits(params), bits(results))]), section(2, [[...text('m'), ...text('f'), 0, 0]]),
    section(3, [[1]]), section(7, [[...text('f'), 0, 1]]),
    section(10, [body(results, [...fromBits(params), 0x10, 0, ...sets, ...toBits(results, first)])]),
  ];
});
const zero = (type) => ({
  i32: [0x41, 0], i64: [0x42, 0], f32: [0x43, 0, 0, 0, 0], f64: [0x44, 0, 0, 0, 0, 0, 0, 0, 0], v128: [0xfd, 0x0c, ...new Array(16).fill(0)],
}[type] || [0xd0, CODE[type]]);
// A function that tells the bits of its arguments, and returns zeros and nulls.
const teller = (params, results) => small(`tell ${params} ${results}`, () => [
  section(1, [func(params, results), func(bits(params), [])]), section(2, [[...text('m'), ...text('f'), 0, 1]]),
  section(3, [[0]]), section(7, [[...text('f'), 0, 1]]),
  section(10, [body([], [...toBits(params), 0x10, 0, ...results.flatMap(zero)])]),
]);
// Gives the bits of a global.
const reader = (type, mutable) => small(`read ${type} ${mutable}`, () => [
  section(1, [func([], bits([type]))]), section(2, [[...text('m'), ...text('f'), 3, CODE[type], mutable ? 1 : 0]]),
  section(3, [[0]]), section(7, [[...text('f'), 0, 0]]),
  section(10, [body([type], [0x23, 0, 0x21, 0, ...toBits([type])])]),
]);
const hexBytes = (hex, size) => Array.from({ length: size }, (_, i) => Number((BigInt(hex) >> BigInt(8 * i)) & 255n));
const constant = (type, init) => {
  if (init === undefined) return zero(type);
  const value = init.slice(init.indexOf(':') + 1);
  if (type === 'i32') return [0x41, ...signed(value, 32)];
  if (type === 'i64') return [0x42, ...signed(value, 64)];
  return type === 'f32' ? [0x43, ...hexBytes(value, 4)] : [0x44, ...hexBytes(value, 8)];
};
const limits = ({ min, max, shared, address, page }) => [
  (max === undefined ? 0 : 1) | (shared ? 2 : 0) | (address === 'i64' ? 4 : 0) | (page === 0 ? 8 : 0),
  ...number(min), ...(max === undefined ? [] : number(max)), ...(page === 0 ? [0] : []),
];
// What an import is given that no instance exports.
const made = (type, note) => {
  const exported = (kind, sections) => new WebAssembly.Instance(small(`${JSON.stringify(type)}`, () => {
    const [before, after] = sections;
    return [...before, section(7, [[...text('f'), kind, 0]]), ...after];
  })).exports.f;
  const types = { table: [type.element], tag: type.params, global: [type.value] }[type.kind];
  if (types && !plain(types)) throw new Unsupported(`a ${type.kind} of the type ${types}`);
  switch (type.kind) {
    case 'func':
      if (!plain([...type.params, ...type.results])) return (...args) => note(args.map((arg, i) => shown(arg, type.params[i])), type.results);
      return new WebAssembly.Instance(teller(type.params, type.results), { m: { f: (...args) => note(texts(args, type.params), []) } }).exports.f;
    case 'memory': return exported(2, [[section(5, [limits(type)])], []]);
    case 'table': return exported(1, [[section(4, [[CODE[type.element], ...limits(type)]])], []]);
    case 'tag': return exported(4, [[section(1, [func(type.params, [])]), section(13, [[0, 0]])], []]);
    default: return exported(3, [[section(6, [[CODE[type.value], type.mutable ? 1 : 0, ...constant(type.value, type.init), 0x0b]])], []]);
  }
};

// ---- Values as text.
const objects = new Map();
const object = (n) => {
  if (!objects.has(n)) objects.set(n, { etalon: n });
  return objects.get(n);
};
const isOurs = (value) => value !== null && typeof value === 'object' && Object.hasOwn(value, 'etalon');
let tests; // Of anyref: 1 for a structure, 2 for an array, else 0.
const shape = (value) => {
  try {
    tests ||= new WebAssembly.Instance(small('shape', () => [
      section(1, [func(['anyref'], ['i32'])]), section(3, [[0]]), section(7, [[...text('f'), 0, 0]]),
      section(10, [body([], [0x20, 0, 0xfb, 0x14, 0x6b, 0x20, 0, 0xfb, 0x14, 0x6a, 0x41, 1, 0x74, 0x6a])]),
    ])).exports.f;
    return tests(value);
  } catch { return 0; }
};
const family = (type) => (type in CODE ? type : /extern/.test(type) ? 'externref' : /func/.test(type) ? 'funcref' : /exn/.test(type) ? 'exnref' : 'anyref');
const view = new DataView(new ArrayBuffer(16));
const hex = (n, size, digits) => '0x' + BigInt.asUintN(size, BigInt(n)).toString(16).padStart(digits, '0');
const reference = (value, kind) => {
  if (value === null) return `${kind}:null`;
  if (kind === 'funcref') return 'funcref:func';
  if (kind === 'exnref') return 'exnref:exn';
  if (kind === 'externref') return isOurs(value) ? `externref:extern:${value.etalon}` : 'externref:extern of internal';
  if (isOurs(value)) return `anyref:host:${value.etalon}`;
  if (typeof value === 'number') return `anyref:i31:${value & 0x7fffffff}`;
  return ['anyref:host:0', 'anyref:struct', 'anyref:array'][shape(value)];
};
// Values that were handed over as bits.
const texts = (values, types) => {
  let at = 0;
  return types.map((type) => {
    const value = values[at++];
    switch (type) {
      case 'i32': case 'i64': return `${type}:${value}`;
      case 'f32': return `f32:${hex(value, 32, 8)}`;
      case 'f64': return `f64:${hex(value, 64, 16)}`;
      case 'v128': return `v128:${hex((BigInt.asUintN(64, values[at++]) << 64n) | BigInt.asUintN(64, value), 128, 32)}`;
      default: return reference(value, type);
    }
  });
};
// A value that JavaScript got itself.
const shown = (value, type) => {
  switch (type) {
    case 'i32': case 'i64': return `${type}:${value}`;
    case 'f32': return view.setFloat32(0, value), `f32:${hex(view.getUint32(0), 32, 8)}`;
    case 'f64': return view.setFloat64(0, value), `f64:${hex(view.getBigUint64(0), 64, 16)}`;
    default: return reference(value, family(type));
  }
};
const read = (string, asBits) => {
  const at = string.indexOf(':');
  const [type, value] = [string.slice(0, at), string.slice(at + 1)];
  switch (type) {
    case 'i32': return [Number(value)];
    case 'i64': return [BigInt(value)];
    case 'f32': return asBits ? [Number(BigInt.asIntN(32, BigInt(value)))] : (view.setUint32(0, Number(value)), [view.getFloat32(0)]);
    case 'f64': return asBits ? [BigInt.asIntN(64, BigInt(value))] : (view.setBigUint64(0, BigInt(value)), [view.getFloat64(0)]);
    case 'v128': return [BigInt.asIntN(64, BigInt(value)), BigInt.asIntN(64, BigInt(value) >> 64n)];
    default: {
      if (value === 'null') return [null];
      const n = Number(value.slice(value.indexOf(':') + 1));
      return [value.startsWith('i31:') ? (n << 1) >> 1 : object(n)];
    }
  }
};

// ---- The engine.
const held = new Map();
let instances = [];
let imports = new Map();
let calls = [];
const Unsupported = class extends Error {};
const returned = (values) => ({ outcome: { kind: 'returned', ...(values && { values }) } });
const ended = (error) => {
  const message = String((error && error.message) || error);
  const refused = (phase) => ({ outcome: { kind: 'rejected', phase, text: message } });
  if (error instanceof WebAssembly.CompileError) return refused('malformed-or-invalid');
  if (error instanceof WebAssembly.LinkError) return refused('unlinkable');
  if (error instanceof WebAssembly.RuntimeError) return { outcome: { kind: 'trapped', text: message } };
  if (WebAssembly.Exception && error instanceof WebAssembly.Exception) return { outcome: { kind: 'threw' } };
  if (/call stack|too much recursion/.test(message) && /^(Range|Internal)Error$/.test(error.name)) return { outcome: { kind: 'exhausted', text: message } };
  if (error instanceof RangeError) return refused('limit');
  // What the interface to JavaScript has no value for.
  const noValue = /invalid parameter or return value|transforming (from|to) JS|cannot pass value to or from JS/;
  if (error instanceof Unsupported || (error instanceof TypeError && noValue.test(message))) {
    return { outcome: { kind: 'rejected', phase: 'unsupported', feature: 'JavaScript', text: message } };
  }
  return { outcome: { kind: 'host-error', text: message } };
};
const attempt = (work) => {
  try { return work(); } catch (error) { return ended(error); }
};
const compile = (wasm) => new WebAssembly.Module(base64(wasm));
const given = ({ module, name, give, type, instance, export: exported }, own) => {
  if (give === 'export') return instances[instance].exports[exported];
  if (give === 'program') return runner.give(name);
  if (give === 'reenter') {
    return (...args) => {
      calls.push({ module, name, args: args.map((arg, i) => shown(arg, type.params[i])) });
      return own.exports[name](...args);
    };
  }
  const key = JSON.stringify([module, name]);
  if (!imports.has(key)) {
    const note = (args, results) => {
      calls.push({ module, name, args });
      const zeros = results.map((result) => (result === 'i64' ? 0n : result in { i32: 0, f32: 0, f64: 0 } ? 0 : null));
      return zeros.length > 1 ? zeros : zeros[0];
    };
    imports.set(key, made(type, note));
  }
  return imports.get(key);
};
const instantiate = (request) => attempt(() => {
  const object = Object.create(null);
  const own = { exports: {} };
  const isProgram = request.imports.some(({ give }) => give === 'program');
  const refused = isProgram && runner.refusal();
  if (refused) return { outcome: refused };
  for (const one of request.imports) (object[one.module] ||= Object.create(null))[one.name] = given(one, own);
  const { exports } = new WebAssembly.Instance(held.get(request.module), object);
  own.exports = exports;
  const unbound = isProgram && runner.bind(exports);
  if (unbound) return { outcome: unbound };
  instances.push({ exports, callers: new Map() });
  return { ...returned(), instance: instances.length - 1 };
});
const invoke = ({ exports, callers }, { export: name, args, params, results }) => attempt(() => {
  const asBits = plain([...params, ...results]);
  const wraps = asBits && [...params, ...results].some((type) => type in BITS);
  if (wraps && !callers.has(name)) {
    try {
      callers.set(name, new WebAssembly.Instance(caller(params, results), { m: { f: exports[name] } }).exports.f);
    } catch (error) {
      // Only the guest can name the type.
      if (error instanceof WebAssembly.LinkError) throw new Unsupported(`a function of its own type: ${name}`);
      throw error;
    }
  }
  const values = args.flatMap((arg) => read(arg, wraps));
  const got = (wraps ? callers.get(name) : exports[name])(...values);
  const types = wraps ? bits(results) : results;
  const all = types.length === 0 ? [] : types.length === 1 ? [got] : got;
  return returned(wraps ? texts(all, results) : results.map((type, i) => shown(all[i], type)));
});
const global = ({ exports }, { export: name, value, mutable }) => {
  if (!plain([value])) return shown(exports[name].value, value);
  const got = new WebAssembly.Instance(reader(value, mutable), { m: { f: exports[name] } }).exports.f();
  return texts(value === 'v128' ? got : [got], [value])[0];
};
// Of a memory: how many bytes, and their CRC-32.
const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let i = 0; i < 8; i++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const crc = (bytes) => {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
};
const memory = ({ exports }, name) => {
  try {
    const bytes = new Uint8Array(exports[name].buffer);
    if (bytes.length > 1 << 24 || (runner && runner.tells())) return null;
    return { bytes: bytes.length, crc32: crc(bytes) };
  } catch { return null; }
};
const observed = (answer, instance, watch) => {
  if (calls.length) answer.host_calls = calls.splice(0);
  if (['returned', 'trapped', 'threw', 'host-error', 'exited'].includes(answer.outcome.kind) && instances[instance]) {
    if (watch.globals.length) answer.globals = watch.globals.map((one) => { try { return global(instances[instance], one); } catch { return null; } });
    if (watch.memories) answer.memories = watch.memories.map((name) => memory(instances[instance], name));
  }
  return answer;
};
const answers = {
  hello: () => ({ protocol: 1, name: engine, version, can: ['prepare', 'instantiate', 'reenter', 'memories', ...(runner ? runner.can : [])] }),
  validate: ({ wasm }) => attempt(() => (compile(wasm), returned())),
  prepare: ({ module, wasm }) => attempt(() => (held.set(module, compile(wasm)), returned())),
  forget: ({ modules: gone }) => (gone.forEach((module) => held.delete(module)), returned()),
  reset: () => ([instances, calls, imports] = [[], [], new Map()], objects.clear(), runner && runner.forget(), returned()),
  program: (request) => attempt(() => (runner.begin(request), returned())),
  left: () => attempt(() => ({ ...returned(), left: runner.left() })),
  instantiate: (request) => {
    const got = instantiate(request);
    const stopped = runner && runner.isRunning() && runner.ended();
    const answer = stopped ? { outcome: stopped } : got;
    return observed(answer, answer.instance, request.watch);
  },
  invoke: ({ id, instance, calls: list, watch }) => {
    for (const call of list) {
      const got = invoke(instances[instance], call);
      const stopped = runner && runner.isRunning() && runner.ended();
      const answer = observed(stopped ? { outcome: stopped } : got, instance, watch);
      say({ id, ...answer });
      if (answer.outcome.kind === 'exhausted' || answer.outcome.kind === 'rejected') return null;
    }
    return null;
  },
  global: ({ instance, global: one }) => attempt(() => returned([global(instances[instance], one)])),
  memory: ({ instance, memory: name }) => ({ ...returned(), memories: [memory(instances[instance], name)] }),
  quit: leave,
};
const serve = (line) => {
  const request = JSON.parse(line);
  const answer = answers[request.do] ? answers[request.do](request) : { error: `it cannot ${request.do}` };
  if (answer) say({ id: request.id, ...answer });
};
// A shell gives bytes as characters, and an empty line at the end.
if (isPage) {
  window.etalon = (line) => (serve(line), said);
} else if (isShell) {
  for (let line; (line = readline());) serve(decodeURIComponent(escape(line)));
} else {
  let rest = Buffer.alloc(0);
  const chunk = Buffer.alloc(1 << 16);
  for (;;) {
    const count = fs.readSync(0, chunk);
    if (count === 0) break;
    const parts = [];
    let from = 0;
    for (let at; (at = chunk.subarray(0, count).indexOf(10, from)) >= 0; from = at + 1) {
      serve(Buffer.concat([rest, ...parts, chunk.subarray(from, at)]).toString());
      rest = Buffer.alloc(0);
    }
    rest = Buffer.concat([rest, chunk.subarray(from, count)]);
  }
}
