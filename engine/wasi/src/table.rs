//! All functions of preview 1: one row each.

use crate::context::WasiCtx;
use crate::guest::{Ended, Fail, Guest, Mem};
use crate::observer::Called;
use crate::{
    Errno, args, clocks, descriptors, directories, paths, poll, process, random, sockets, transfer,
};

/// The module that a guest imports the functions from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// `i32`
    I32,
    /// `i64`
    I64,
}

use Param::{I32, I64};

/// What a function does with its arguments.
type Body = fn(&mut WasiCtx, &mut Mem<'_>, &[u64]) -> Result<(), Fail>;

/// A function of preview 1.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    name: &'static str,
    params: &'static [Param],
    has_result: bool,
    body: Body,
}

impl Function {
    /// Its name in [`MODULE`].
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The types of its parameters.
    pub fn params(&self) -> &'static [Param] {
        self.params
    }

    /// Whether it returns an `i32`, the number of an [`Errno`]. All do but `proc_exit`, which does not return.
    pub fn has_result(&self) -> bool {
        self.has_result
    }
}

/// The function of a name.
pub fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Calls a function. An argument of type `i32` is in the lower half of its number; what is above does not count.
///
/// # Errors
/// [`Ended`] if the guest ends with this call. What it has done until then stays.
///
/// # Panics
/// If there are not as many arguments as the function has parameters.
pub fn call(
    ctx: &mut WasiCtx,
    function: &Function,
    guest: &mut dyn Guest,
    args: &[u64],
) -> Result<Errno, Ended> {
    assert_eq!(args.len(), function.params.len(), "{} has another type", function.name);
    if guest.is_interrupted() {
        return Err(Ended::Interrupted);
    }
    // A guest that nobody watches is not asked.
    let gas_left = ctx.observer.as_ref().and_then(|_| guest.gas_left());
    let done = match (function.body)(ctx, &mut Mem::new(guest, function.name), args) {
        Ok(()) => Ok(Errno::Success),
        Err(Fail::Errno(errno)) => Ok(errno),
        Err(Fail::End(ended)) => Err(ended),
    };
    if let Some(observer) = &mut ctx.observer {
        observer(&Called { function, args, errno: done.as_ref().ok().copied(), gas_left });
    }
    done
}

const fn row(name: &'static str, params: &'static [Param], body: Body) -> Function {
    Function { name, params, has_result: true, body }
}

/// All functions, in the document's order.
#[rustfmt::skip]
pub static FUNCTIONS: [Function; 46] = [
    row("args_get", &[I32, I32], args::args_get),
    row("args_sizes_get", &[I32, I32], args::args_sizes_get),
    row("environ_get", &[I32, I32], args::environ_get),
    row("environ_sizes_get", &[I32, I32], args::environ_sizes_get),
    row("clock_res_get", &[I32, I32], clocks::clock_res_get),
    row("clock_time_get", &[I32, I64, I32], clocks::clock_time_get),
    row("fd_advise", &[I32, I64, I64, I32], descriptors::fd_advise),
    row("fd_allocate", &[I32, I64, I64], descriptors::fd_allocate),
    row("fd_close", &[I32], descriptors::fd_close),
    row("fd_datasync", &[I32], descriptors::fd_datasync),
    row("fd_fdstat_get", &[I32, I32], descriptors::fd_fdstat_get),
    row("fd_fdstat_set_flags", &[I32, I32], descriptors::fd_fdstat_set_flags),
    row("fd_fdstat_set_rights", &[I32, I64, I64], descriptors::fd_fdstat_set_rights),
    row("fd_filestat_get", &[I32, I32], descriptors::fd_filestat_get),
    row("fd_filestat_set_size", &[I32, I64], descriptors::fd_filestat_set_size),
    row("fd_filestat_set_times", &[I32, I64, I64, I32], descriptors::fd_filestat_set_times),
    row("fd_pread", &[I32, I32, I32, I64, I32], transfer::fd_pread),
    row("fd_prestat_get", &[I32, I32], descriptors::fd_prestat_get),
    row("fd_prestat_dir_name", &[I32, I32, I32], descriptors::fd_prestat_dir_name),
    row("fd_pwrite", &[I32, I32, I32, I64, I32], transfer::fd_pwrite),
    row("fd_read", &[I32, I32, I32, I32], transfer::fd_read),
    row("fd_readdir", &[I32, I32, I32, I64, I32], directories::fd_readdir),
    row("fd_renumber", &[I32, I32], descriptors::fd_renumber),
    row("fd_seek", &[I32, I64, I32, I32], descriptors::fd_seek),
    row("fd_sync", &[I32], descriptors::fd_sync),
    row("fd_tell", &[I32, I32], descriptors::fd_tell),
    row("fd_write", &[I32, I32, I32, I32], transfer::fd_write),
    row("path_create_directory", &[I32, I32, I32], paths::path_create_directory),
    row("path_filestat_get", &[I32, I32, I32, I32, I32], paths::path_filestat_get),
    row("path_filestat_set_times", &[I32, I32, I32, I32, I64, I64, I32], paths::path_filestat_set_times),
    row("path_link", &[I32, I32, I32, I32, I32, I32, I32], paths::path_link),
    row("path_open", &[I32, I32, I32, I32, I32, I64, I64, I32, I32], paths::path_open),
    row("path_readlink", &[I32, I32, I32, I32, I32, I32], paths::path_readlink),
    row("path_remove_directory", &[I32, I32, I32], paths::path_remove_directory),
    row("path_rename", &[I32, I32, I32, I32, I32, I32], paths::path_rename),
    row("path_symlink", &[I32, I32, I32, I32, I32], paths::path_symlink),
    row("path_unlink_file", &[I32, I32, I32], paths::path_unlink_file),
    row("poll_oneoff", &[I32, I32, I32, I32], poll::poll_oneoff),
    Function { name: "proc_exit", params: &[I32], has_result: false, body: process::proc_exit },
    row("proc_raise", &[I32], process::proc_raise),
    row("sched_yield", &[], process::sched_yield),
    row("random_get", &[I32, I32], random::random_get),
    row("sock_accept", &[I32, I32, I32], sockets::sock_accept),
    row("sock_recv", &[I32, I32, I32, I32, I32, I32], sockets::sock_recv),
    row("sock_send", &[I32, I32, I32, I32, I32], sockets::sock_send),
    row("sock_shutdown", &[I32, I32], sockets::sock_shutdown),
];
