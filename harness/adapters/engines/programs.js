// Programs of WASI preview 1 on node's own WASI; it stands before driver.js, in node alone.
//
// The files of a program are in a folder that the other side has made and removes. Node's WASI is no sandbox. Its clocks and random
// numbers are the real ones, so those of a program that is to be the same in each run are made here, as Etalon's own host makes them.
'use strict';
const programs = (() => {
  const fs = require('fs');
  const path = require('path');
  // Bytes of each stream, and of each folder.
  const MOST_WRITTEN = 4 << 20;
  const MOST_KEPT = 64 << 20;
  const EPOCH = 946684800000000000n;
  const STEP = 1000000n;
  const [FAULT, INVAL] = [21, 28];
  // They put into the memory what is the host's: times, numbers, kinds and rights of files.
  const TELLS = new Set(['fd_filestat_get', 'path_filestat_get', 'fd_readdir', 'fd_fdstat_get', 'poll_oneoff']);
  let program = null;

  const refuse = (text) => ({ kind: 'rejected', phase: 'unsupported', feature: 'node:wasi', text: `node's WASI ${text}` });
  const beyond = (text) => ({ kind: 'rejected', phase: 'limit', text });
  // No handler of a guest catches a trap, as one could any value that is thrown here.
  const trap = () => new WebAssembly.Instance(small('trap', () => [
    section(1, [func([], [])]), section(3, [[0]]), section(7, [[...text('f'), 0, 0]]), section(10, [body([], [0])]),
  ])).exports.f();
  const stop = (outcome) => {
    program.stopped ||= outcome;
    trap();
  };

  // ---- Folders.
  const inOrder = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  // Each thing in a folder, with how many folders it is in; a folder before what it holds.
  const walk = (folder, depth, visit) => {
    for (const name of fs.readdirSync(folder).sort(inOrder)) {
      const at = path.join(folder, name);
      const stat = fs.lstatSync(at);
      visit(depth, name, at, stat);
      if (stat.isDirectory()) walk(at, depth + 1, visit);
    }
  };
  // What is more than the others let a program have; nothing if that is not so.
  const tooMuch = () => {
    try { return measured(); } catch (error) { return beyond(`its folders cannot be listed: ${error.message}`); }
  };
  const measured = () => {
    for (const stream of ['stdout', 'stderr']) {
      if (fs.statSync(program.at(stream)).size > MOST_WRITTEN) return beyond(`more than ${MOST_WRITTEN} bytes on ${stream}`);
    }
    for (const { guest, at } of program.folders) {
      let bytes = 0;
      walk(at, 0, (depth, name, file, stat) => { bytes += stat.isFile() ? stat.size : 0; });
      if (bytes > MOST_KEPT) return beyond(`more than ${MOST_KEPT} bytes in the folder ${guest}`);
    }
    return null;
  };
  // What a case has is somebody else's, so nothing of it is put beside its folder: not by its name, nor through a link.
  const isInside = (name, entries) => name.split('/').every((part, number, parts) => {
    const above = entries[parts.slice(0, number).join('/')];
    return part !== '' && part !== '.' && part !== '..' && !(typeof above === 'object' && 'link' in above);
  });
  const fill = (at, entries) => {
    fs.mkdirSync(at);
    for (const [name, entry] of Object.entries(entries)) {
      if (!isInside(name, entries)) throw new Error(`${name} cannot be in a folder of the program`);
      const file = path.join(at, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      if (entry === 'folder') fs.mkdirSync(file, { recursive: true });
      else if ('link' in entry) fs.symlinkSync(entry.link, file);
      else fs.writeFileSync(file, Buffer.from(entry.file, 'base64'));
    }
  };

  // ---- What is not node's.
  const view = () => new DataView(program.memory.buffer);
  const put = (write) => {
    try { write(view()); } catch { return FAULT; }
    return 0;
  };
  const clock = (number) => (number === 0 ? EPOCH : 0n) + program.now;
  // SplitMix64.
  const random = () => {
    const mix = (z, by, times) => BigInt.asUintN(64, (z ^ (z >> by)) * times);
    program.random = BigInt.asUintN(64, program.random + 0x9e3779b97f4a7c15n);
    const z = mix(mix(program.random, 30n, 0xbf58476d1ce4e5b9n), 27n, 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  const same = {
    clock_res_get: (number, at) => (number >>> 0 > 3 ? INVAL : put((view) => view.setBigUint64(at >>> 0, STEP, true))),
    clock_time_get: (number, precision, at) => (number >>> 0 > 3 ? INVAL : put((view) => {
      program.now += STEP;
      view.setBigUint64(at >>> 0, clock(number), true);
    })),
    random_get: (at, length) => put(({ buffer }) => {
      const bytes = new Uint8Array(buffer, at >>> 0, length >>> 0);
      for (let i = 0; i < bytes.length; i += 8) {
        const eight = Buffer.alloc(8);
        eight.writeBigUInt64LE(random());
        bytes.set(eight.subarray(0, bytes.length - i), i);
      }
    }),
    // One that waits for a time would do so, and by another clock.
    proc_raise: () => stop(refuse('would end its own process')),
    poll_oneoff: () => stop(refuse('waits by a real clock')),
  };
  // How many bytes may have come to the files by a call, and where it tells that.
  const WRITES = { fd_write: 3, fd_pwrite: 4 };
  const grows = (name, args) => {
    if (name === 'fd_allocate') return Number(args[1]) + Number(args[2]);
    try { return view().getUint32(args[WRITES[name]] >>> 0, true); } catch { return 0; }
  };

  return {
    can: require('module').builtinModules.includes('wasi') ? ['program', 'folder'] : [],
    // A new session has no program.
    forget: () => { program = null; },
    isRunning: () => program !== null,
    begin: ({ setup, folder }) => {
      if (!folder) throw new Error('a program needs a folder');
      const at = (name) => path.join(folder, name);
      program = { at, now: 0n, random: 0n, isReal: setup.is_real, written: 0, stopped: null, tells: false, memory: null, refused: null };
      fs.writeFileSync(at('stdin'), Buffer.from(setup.stdin, 'base64'));
      program.folders = setup.folders.map(({ guest, entries }, number) => {
        fill(at(`folder${number}`), entries);
        return { guest, at: at(`folder${number}`) };
      });
      const table = (pairs) => pairs.reduce((all, [name, value]) => (all[name] = value, all), Object.create(null));
      const preopens = table(program.folders.map(({ guest, at }) => [guest, at]));
      const env = table(setup.env);
      const keeps = (all, names) => Object.keys(all).join('\0') === names.join('\0');
      if (setup.folders.some((folder) => folder.is_read_only)) program.refused = refuse('has no folders that are only read');
      // An object of JavaScript has a name once, and numbers before all others.
      if (!keeps(preopens, setup.folders.map(({ guest }) => guest))) program.refused = refuse('cannot have these names of folders');
      if (!keeps(env, setup.env.map(([name]) => name))) program.refused = refuse('cannot have these variables');
      const { WASI } = require('wasi');
      const streams = { stdin: fs.openSync(at('stdin'), 'r'), stdout: fs.openSync(at('stdout'), 'w'), stderr: fs.openSync(at('stderr'), 'w') };
      program.wasi = new WASI({ version: 'preview1', args: setup.args, env, preopens, ...streams, returnOnExit: true });
    },
    // The function of a name, as an import.
    give: (name) => {
      const own = program.isReal && name !== 'proc_raise' ? undefined : same[name];
      const call = own || program.wasi.wasiImport[name];
      if (name === 'proc_exit') return (status) => stop({ kind: 'exited', status: status >>> 0 });
      return (...args) => {
        if (!program.memory) stop(refuse('has no memory before the instance is made'));
        program.tells ||= TELLS.has(name);
        const got = call(...args);
        if (got === 0 && (name === 'fd_allocate' || name in WRITES)) program.written += grows(name, args);
        if (program.written > MOST_KEPT) {
          program.written = 0;
          const more = tooMuch();
          if (more) stop(more);
        }
        return got;
      };
    },
    // Why the program cannot be had here.
    refusal: () => program.refused,
    // Has the functions work on the memory of an instance.
    bind: ({ memory }) => {
      if (program.memory) return refuse('serves one instance');
      if (!(memory instanceof WebAssembly.Memory)) return refuse('needs a memory that is exported as memory');
      program.wasi.initialize({ exports: { memory } });
      program.memory = memory;
      return null;
    },
    // How a call ended that a function of the host has stopped, or that has left too much.
    ended: () => {
      const { stopped } = program;
      program.stopped = null;
      return (!stopped || stopped.kind === 'exited') ? tooMuch() || stopped : stopped;
    },
    // Whether what is in the memory depends on the host.
    tells: () => program !== null && program.tells,
    left: () => {
      const bytes = (stream) => fs.readFileSync(program.at(stream)).subarray(0, MOST_WRITTEN).toString('base64');
      const folders = Object.create(null);
      for (const { guest, at } of program.folders) {
        const found = [];
        walk(at, 0, (depth, name, file, stat) => {
          if (stat.isDirectory()) return found.push({ depth, name, kind: 'folder' });
          if (stat.isSymbolicLink()) return found.push({ depth, name, kind: { link: fs.readlinkSync(file) } });
          return found.push({ depth, name, kind: { file: { bytes: stat.size, crc32: stat.size > MOST_KEPT ? 0 : crc(fs.readFileSync(file)) } } });
        });
        folders[guest] = found;
      }
      return { stdout: bytes('stdout'), stderr: bytes('stderr'), folders };
    },
  };
})();
