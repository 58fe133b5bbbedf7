//! sockets
use crate::Errno;
use crate::context::WasiCtx;
use crate::guest::{Fail, Mem};
pub(crate) fn sock_accept(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn sock_recv(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn sock_send(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
pub(crate) fn sock_shutdown(_: &mut WasiCtx, _: &mut Mem<'_>, _: &[u64]) -> Result<(), Fail> {
    Err(Errno::Nosys.into())
}
