//! transfer
use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem};
pub(crate) fn fd_pread(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_pwrite(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_read(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn fd_write(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
