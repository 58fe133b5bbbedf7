//! A guest without an engine: bytes, and calls by name.

// Each test file uses a part of it.
#![allow(dead_code)]

use etalon_wasi::{
    Access, Captured, Ended, Errno, Guest, GuestMemory, Limits, MemoryFault, Output, Policy, Stdin,
    Stopped, VirtualFs, WasiCtx, WasiCtxBuilder, call, function,
};

/// Where paths, second paths, buffers and results of calls are in the memory.
pub(crate) const PATH: u32 = 0x100;
pub(crate) const OTHER: u32 = 0x2000;
pub(crate) const IOVS: u32 = 0x4000;
pub(crate) const DATA: u32 = 0x5000;
pub(crate) const OUT: u32 = 0x1000;
/// The size of the memory.
pub(crate) const SIZE: u32 = 0x20000;

pub(crate) struct Memory {
    pub(crate) bytes: Vec<u8>,
    pub(crate) declared: u64,
    /// Bytes after which the guest is stopped.
    pub(crate) most: u64,
    pub(crate) interrupted: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl GuestMemory for Memory {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), MemoryFault> {
        let start = address as usize;
        let bytes = self.bytes.get(start..start + buffer.len()).ok_or(MemoryFault::OutOfBounds)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), MemoryFault> {
        let start = address as usize;
        let place = self.bytes.get_mut(start..start + bytes.len());
        place.ok_or(MemoryFault::OutOfBounds)?.copy_from_slice(bytes);
        Ok(())
    }
}

impl Guest for Memory {
    fn declare(&mut self, bytes: u64) -> Result<(), Stopped> {
        self.declared += bytes;
        if self.declared > self.most { Err(Stopped) } else { Ok(()) }
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn gas_left(&self) -> Option<u64> {
        (self.most < u64::MAX).then(|| self.most.saturating_sub(self.declared))
    }
}

/// A guest with its state.
pub(crate) struct Program {
    pub(crate) ctx: WasiCtx,
    pub(crate) memory: Memory,
    pub(crate) stdout: Captured,
}

/// What a call gives: nothing, or the name of the number.
pub(crate) type Given = Result<(), Errno>;

pub(crate) fn builder(fs: &VirtualFs) -> (WasiCtxBuilder, Captured) {
    let (output, stdout) = Output::captured(1 << 20);
    let mut builder = WasiCtxBuilder::new();
    builder.policy(Policy::deterministic(1)).stdout(output).stdin(Stdin::bytes("input"));
    builder.virtual_dir(fs, "/", Access::ReadWrite);
    (builder, stdout)
}

impl Program {
    /// A guest with a virtual file system as descriptor 3.
    pub(crate) fn over(fs: &VirtualFs) -> Program {
        let (mut builder, stdout) = builder(fs);
        Program::of(builder.build().unwrap(), stdout)
    }

    pub(crate) fn new() -> Program {
        Program::over(&VirtualFs::new(1 << 20))
    }

    pub(crate) fn limited(limits: Limits, quota: u64) -> Program {
        let (mut builder, stdout) = builder(&VirtualFs::new(quota));
        builder.limits(limits);
        Program::of(builder.build().unwrap(), stdout)
    }

    pub(crate) fn of(ctx: WasiCtx, stdout: Captured) -> Program {
        let interrupted = std::sync::Arc::default();
        let bytes = vec![0; SIZE as usize];
        Program { ctx, memory: Memory { bytes, declared: 0, most: u64::MAX, interrupted }, stdout }
    }

    /// Calls a function.
    pub(crate) fn raw(&mut self, name: &str, args: &[u64]) -> Result<Errno, Ended> {
        let function = function(name).unwrap_or_else(|| panic!("{name} is no function"));
        call(&mut self.ctx, function, &mut self.memory, args)
    }

    /// Calls a function that returns.
    pub(crate) fn call(&mut self, name: &str, args: &[u64]) -> Given {
        match self.raw(name, args) {
            Ok(Errno::Success) => Ok(()),
            Ok(errno) => Err(errno),
            Err(ended) => panic!("{name} {args:x?}: {ended}"),
        }
    }

    /// Puts bytes into the memory; gives address and length.
    pub(crate) fn put(&mut self, at: u32, bytes: impl AsRef<[u8]>) -> [u64; 2] {
        let bytes = bytes.as_ref();
        self.memory.bytes[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
        [at.into(), bytes.len() as u64]
    }

    pub(crate) fn bytes(&self, at: u32, length: u32) -> &[u8] {
        &self.memory.bytes[at as usize..(at + length) as usize]
    }

    pub(crate) fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().unwrap())
    }

    pub(crate) fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().unwrap())
    }

    /// Calls a function of one path: its descriptor, the path, and what comes after.
    pub(crate) fn path(&mut self, name: &str, fd: u32, path: &str, more: &[u64]) -> Given {
        let [at, length] = self.put(PATH, path);
        self.call(name, &[&[fd.into(), at, length], more].concat())
    }

    /// Calls `path_rename`.
    pub(crate) fn rename(&mut self, old: &str, new: &str) -> Given {
        let [old, old_length] = self.put(PATH, old);
        let [new, new_length] = self.put(OTHER, new);
        self.call("path_rename", &[3, old, old_length, 3, new, new_length])
    }

    /// Calls `path_link` with flags.
    pub(crate) fn link(&mut self, flags: u64, old: &str, new: &str) -> Given {
        let [old, old_length] = self.put(PATH, old);
        let [new, new_length] = self.put(OTHER, new);
        self.call("path_link", &[3, flags, old, old_length, 3, new, new_length])
    }

    /// Calls `path_symlink`.
    pub(crate) fn symlink(&mut self, text: &str, new: &str) -> Given {
        let [text, text_length] = self.put(PATH, text);
        let [new, new_length] = self.put(OTHER, new);
        self.call("path_symlink", &[text, text_length, 3, new, new_length])
    }

    /// Opens a path with all rights that folders and files have, or those that are given.
    pub(crate) fn open_with(
        &mut self,
        fd: u32,
        path: &str,
        (lookup, flags, rights, fdflags): (u64, u64, u64, u64),
    ) -> Result<u32, Errno> {
        let [at, length] = self.put(PATH, path);
        let all = (1 << 30) - 1;
        let args = [fd.into(), lookup, at, length, flags, rights, all, fdflags, OUT.into()];
        self.call("path_open", &args).map(|()| self.u32(OUT))
    }

    /// Opens a path for reading and writing.
    pub(crate) fn open(&mut self, path: &str, flags: u64) -> Result<u32, Errno> {
        self.open_with(3, path, (0, flags, READ | WRITE, 0))
    }

    /// Opens a folder.
    pub(crate) fn open_folder(&mut self, path: &str) -> Result<u32, Errno> {
        self.open_with(3, path, (0, DIRECTORY, ((1 << 30) - 1) & !(READ | WRITE), 0))
    }

    /// Gives calls that scatter and gather one buffer.
    pub(crate) fn iov(&mut self, address: u32, length: u32) -> [u64; 2] {
        let words = [address.to_le_bytes(), length.to_le_bytes()].concat();
        self.put(IOVS, words);
        [IOVS.into(), 1]
    }

    pub(crate) fn write(&mut self, fd: u32, bytes: impl AsRef<[u8]>) -> Result<u32, Errno> {
        let [at, length] = self.put(DATA, bytes);
        let [iovs, count] = self.iov(at as u32, length as u32);
        self.call("fd_write", &[fd.into(), iovs, count, OUT.into()]).map(|()| self.u32(OUT))
    }

    pub(crate) fn read(&mut self, fd: u32, length: u32) -> Result<Vec<u8>, Errno> {
        let [iovs, count] = self.iov(DATA, length);
        self.call("fd_read", &[fd.into(), iovs, count, OUT.into()])?;
        Ok(self.bytes(DATA, self.u32(OUT)).to_vec())
    }

    /// A file with these bytes.
    pub(crate) fn file(&mut self, path: &str, bytes: &str) {
        let fd = self.open(path, CREAT | TRUNC).unwrap();
        assert_eq!(self.write(fd, bytes), Ok(bytes.len() as u32));
        self.call("fd_close", &[fd.into()]).unwrap();
    }

    pub(crate) fn folder(&mut self, path: &str) {
        self.path("path_create_directory", 3, path, &[]).unwrap();
    }

    /// The bytes of a file.
    pub(crate) fn contents(&mut self, path: &str) -> Result<Vec<u8>, Errno> {
        let fd = self.open_with(3, path, (0, 0, READ, 0))?;
        let bytes = self.read(fd, 0x1000);
        self.call("fd_close", &[fd.into()])?;
        bytes
    }

    /// Names of a folder, read with a buffer of so many bytes.
    pub(crate) fn names(&mut self, fd: u32, length: u32) -> Vec<String> {
        let (mut names, mut cookie) = (Vec::new(), 0);
        loop {
            let args = [fd.into(), DATA.into(), length.into(), cookie, OUT.into()];
            self.call("fd_readdir", &args).unwrap();
            let used = self.u32(OUT);
            let mut at = 0;
            while at + 24 <= used {
                let name = self.u32(DATA + at + 16);
                if at + 24 + name > used {
                    break;
                }
                cookie = self.u64(DATA + at);
                names.push(String::from_utf8_lossy(self.bytes(DATA + at + 24, name)).into());
                at += 24 + name;
            }
            if used < length {
                return names;
            }
        }
    }
}

pub(crate) const READ: u64 = 1 << 1;
pub(crate) const WRITE: u64 = 1 << 6;
pub(crate) const CREAT: u64 = 1;
pub(crate) const DIRECTORY: u64 = 2;
pub(crate) const EXCL: u64 = 4;
pub(crate) const TRUNC: u64 = 8;
pub(crate) const FOLLOW: u64 = 1;
pub(crate) const APPEND: u64 = 1;
