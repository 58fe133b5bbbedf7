//! Numbers and flags of preview 1, in the order of its document of types.

use bitflags::bitflags;

/// What a function gives back: `0`, or why it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Errno {
    /// No error.
    Success,
    /// The list of arguments is too long.
    TooBig,
    /// Permission denied.
    Acces,
    /// The address is in use.
    Addrinuse,
    /// The address is not available.
    Addrnotavail,
    /// The address family is not supported.
    Afnosupport,
    /// The operation would block.
    Again,
    /// It is under way already.
    Already,
    /// Bad descriptor.
    Badf,
    /// Bad message.
    Badmsg,
    /// The resource is busy.
    Busy,
    /// Cancelled.
    Canceled,
    /// No child process.
    Child,
    /// The connection was aborted.
    Connaborted,
    /// The connection was refused.
    Connrefused,
    /// The connection was reset.
    Connreset,
    /// A deadlock would occur.
    Deadlk,
    /// A destination is needed.
    Destaddrreq,
    /// Outside of a function's domain.
    Dom,
    /// Reserved.
    Dquot,
    /// It exists already.
    Exist,
    /// Bad address.
    Fault,
    /// Too large for a file.
    Fbig,
    /// The host cannot be reached.
    Hostunreach,
    /// The identifier is gone.
    Idrm,
    /// Not UTF-8.
    Ilseq,
    /// It goes on.
    Inprogress,
    /// Interrupted.
    Intr,
    /// Invalid argument.
    Inval,
    /// Input or output failed.
    Io,
    /// The socket is connected.
    Isconn,
    /// It is a folder.
    Isdir,
    /// Too many symbolic links, or one that must not be followed.
    Loop,
    /// Too many descriptors.
    Mfile,
    /// Too many links.
    Mlink,
    /// The message is too long.
    Msgsize,
    /// Reserved.
    Multihop,
    /// The name is too long.
    Nametoolong,
    /// The network is down.
    Netdown,
    /// The network ended the connection.
    Netreset,
    /// The network cannot be reached.
    Netunreach,
    /// Too many files are open on the host.
    Nfile,
    /// No room for buffers.
    Nobufs,
    /// No such device.
    Nodev,
    /// There is no such file or folder.
    Noent,
    /// Not executable.
    Noexec,
    /// No lock is left.
    Nolck,
    /// Reserved.
    Nolink,
    /// Not enough memory.
    Nomem,
    /// No such message.
    Nomsg,
    /// The protocol is not available.
    Noprotoopt,
    /// No space is left.
    Nospc,
    /// There is no such function.
    Nosys,
    /// The socket is not connected.
    Notconn,
    /// Not a folder.
    Notdir,
    /// The folder is not empty.
    Notempty,
    /// The state cannot be recovered.
    Notrecoverable,
    /// Not a socket.
    Notsock,
    /// Not supported.
    Notsup,
    /// Not a terminal.
    Notty,
    /// No such device or address.
    Nxio,
    /// The value is too large for its type.
    Overflow,
    /// The owner died.
    Ownerdead,
    /// Not permitted.
    Perm,
    /// Nobody reads the pipe any more.
    Pipe,
    /// A protocol failed.
    Proto,
    /// The protocol is not supported.
    Protonosupport,
    /// The wrong protocol for a socket.
    Prototype,
    /// The result is too large.
    Range,
    /// The file system may only be read.
    Rofs,
    /// It has no position.
    Spipe,
    /// No such process.
    Srch,
    /// Reserved.
    Stale,
    /// It took too long.
    Timedout,
    /// The file is being executed.
    Txtbsy,
    /// Another file system.
    Xdev,
    /// The descriptor lacks the right, or the path leaves its folder.
    Notcapable,
}

impl Errno {
    /// All of them, by number.
    pub const ALL: [Errno; 77] = [
        Errno::Success,
        Errno::TooBig,
        Errno::Acces,
        Errno::Addrinuse,
        Errno::Addrnotavail,
        Errno::Afnosupport,
        Errno::Again,
        Errno::Already,
        Errno::Badf,
        Errno::Badmsg,
        Errno::Busy,
        Errno::Canceled,
        Errno::Child,
        Errno::Connaborted,
        Errno::Connrefused,
        Errno::Connreset,
        Errno::Deadlk,
        Errno::Destaddrreq,
        Errno::Dom,
        Errno::Dquot,
        Errno::Exist,
        Errno::Fault,
        Errno::Fbig,
        Errno::Hostunreach,
        Errno::Idrm,
        Errno::Ilseq,
        Errno::Inprogress,
        Errno::Intr,
        Errno::Inval,
        Errno::Io,
        Errno::Isconn,
        Errno::Isdir,
        Errno::Loop,
        Errno::Mfile,
        Errno::Mlink,
        Errno::Msgsize,
        Errno::Multihop,
        Errno::Nametoolong,
        Errno::Netdown,
        Errno::Netreset,
        Errno::Netunreach,
        Errno::Nfile,
        Errno::Nobufs,
        Errno::Nodev,
        Errno::Noent,
        Errno::Noexec,
        Errno::Nolck,
        Errno::Nolink,
        Errno::Nomem,
        Errno::Nomsg,
        Errno::Noprotoopt,
        Errno::Nospc,
        Errno::Nosys,
        Errno::Notconn,
        Errno::Notdir,
        Errno::Notempty,
        Errno::Notrecoverable,
        Errno::Notsock,
        Errno::Notsup,
        Errno::Notty,
        Errno::Nxio,
        Errno::Overflow,
        Errno::Ownerdead,
        Errno::Perm,
        Errno::Pipe,
        Errno::Proto,
        Errno::Protonosupport,
        Errno::Prototype,
        Errno::Range,
        Errno::Rofs,
        Errno::Spipe,
        Errno::Srch,
        Errno::Stale,
        Errno::Timedout,
        Errno::Txtbsy,
        Errno::Xdev,
        Errno::Notcapable,
    ];

    /// Its number.
    pub fn number(self) -> u16 {
        self as u16
    }
}

bitflags! {
    /// What may be done with a descriptor: the functions that may be called with it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Rights: u64 {
        /// `fd_datasync`.
        const FD_DATASYNC = 1 << 0;
        /// `fd_read`.
        const FD_READ = 1 << 1;
        /// `fd_seek`.
        const FD_SEEK = 1 << 2;
        /// `fd_fdstat_set_flags`.
        const FD_FDSTAT_SET_FLAGS = 1 << 3;
        /// `fd_sync`.
        const FD_SYNC = 1 << 4;
        /// `fd_tell`.
        const FD_TELL = 1 << 5;
        /// `fd_write`.
        const FD_WRITE = 1 << 6;
        /// `fd_advise`.
        const FD_ADVISE = 1 << 7;
        /// `fd_allocate`.
        const FD_ALLOCATE = 1 << 8;
        /// `path_create_directory`.
        const PATH_CREATE_DIRECTORY = 1 << 9;
        /// `path_open` that creates.
        const PATH_CREATE_FILE = 1 << 10;
        /// `path_link` from here.
        const PATH_LINK_SOURCE = 1 << 11;
        /// `path_link` to here.
        const PATH_LINK_TARGET = 1 << 12;
        /// `path_open`.
        const PATH_OPEN = 1 << 13;
        /// `fd_readdir`.
        const FD_READDIR = 1 << 14;
        /// `path_readlink`.
        const PATH_READLINK = 1 << 15;
        /// `path_rename` from here.
        const PATH_RENAME_SOURCE = 1 << 16;
        /// `path_rename` to here.
        const PATH_RENAME_TARGET = 1 << 17;
        /// `path_filestat_get`.
        const PATH_FILESTAT_GET = 1 << 18;
        /// `path_open` that truncates.
        const PATH_FILESTAT_SET_SIZE = 1 << 19;
        /// `path_filestat_set_times`.
        const PATH_FILESTAT_SET_TIMES = 1 << 20;
        /// `fd_filestat_get`.
        const FD_FILESTAT_GET = 1 << 21;
        /// `fd_filestat_set_size`.
        const FD_FILESTAT_SET_SIZE = 1 << 22;
        /// `fd_filestat_set_times`.
        const FD_FILESTAT_SET_TIMES = 1 << 23;
        /// `path_symlink`.
        const PATH_SYMLINK = 1 << 24;
        /// `path_remove_directory`.
        const PATH_REMOVE_DIRECTORY = 1 << 25;
        /// `path_unlink_file`.
        const PATH_UNLINK_FILE = 1 << 26;
        /// `poll_oneoff` for reading and writing.
        const POLL_FD_READWRITE = 1 << 27;
        /// `sock_shutdown`.
        const SOCK_SHUTDOWN = 1 << 28;
        /// `sock_accept`.
        const SOCK_ACCEPT = 1 << 29;
    }
}

bitflags! {
    /// How a descriptor reads and writes.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FdFlags: u16 {
        /// Writes go to the end of the file.
        const APPEND = 1 << 0;
        /// Data is on the device when a write returns.
        const DSYNC = 1 << 1;
        /// What would block fails.
        const NONBLOCK = 1 << 2;
        /// Reads wait for writes to be on the device.
        const RSYNC = 1 << 3;
        /// Data and attributes are on the device when a write returns.
        const SYNC = 1 << 4;
    }
}

bitflags! {
    /// Which times of a file to set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct FstFlags: u16 {
        /// The time of the last access, to a value.
        const ATIM = 1 << 0;
        /// The time of the last access, to now.
        const ATIM_NOW = 1 << 1;
        /// The time of the last change, to a value.
        const MTIM = 1 << 2;
        /// The time of the last change, to now.
        const MTIM_NOW = 1 << 3;
    }
}

bitflags! {
    /// How a path is followed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LookupFlags: u32 {
        /// A symbolic link at its end is followed.
        const SYMLINK_FOLLOW = 1 << 0;
    }
}

bitflags! {
    /// How `path_open` opens.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OFlags: u16 {
        /// Create the file if there is none.
        const CREAT = 1 << 0;
        /// Fail if it is no folder.
        const DIRECTORY = 1 << 1;
        /// Fail if the file exists.
        const EXCL = 1 << 2;
        /// Truncate it to nothing.
        const TRUNC = 1 << 3;
    }
}

bitflags! {
    /// How the time of a subscription is meant.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SubclockFlags: u16 {
        /// It is a time of the clock, not one from now on.
        const ABSTIME = 1 << 0;
    }
}

bitflags! {
    /// How `sock_recv` receives.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RiFlags: u16 {
        /// What is received stays.
        const PEEK = 1 << 0;
        /// Wait for as much as there is room for.
        const WAITALL = 1 << 1;
    }
}

bitflags! {
    /// Which directions `sock_shutdown` ends.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SdFlags: u8 {
        /// Receiving.
        const RD = 1 << 0;
        /// Sending.
        const WR = 1 << 1;
    }
}

/// What kind of thing a file or a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FileType {
    /// None of the others.
    Unknown,
    /// A block device.
    BlockDevice,
    /// A character device, such as a terminal.
    CharacterDevice,
    /// A folder.
    Directory,
    /// A file of bytes.
    RegularFile,
    /// A socket of datagrams.
    SocketDgram,
    /// A socket of bytes.
    SocketStream,
    /// A symbolic link.
    SymbolicLink,
}

/// Which clock is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Time since 1970.
    Realtime,
    /// Time that never goes back.
    Monotonic,
    /// Time of the processor that the process took.
    ProcessCpu,
    /// Time of the processor that the thread took.
    ThreadCpu,
}

impl Clock {
    /// The clock of a number.
    ///
    /// # Errors
    /// [`Errno::Inval`] if there is no such clock.
    pub(crate) fn of(number: u32) -> Result<Clock, Errno> {
        match number {
            0 => Ok(Clock::Realtime),
            1 => Ok(Clock::Monotonic),
            2 => Ok(Clock::ProcessCpu),
            3 => Ok(Clock::ThreadCpu),
            _ => Err(Errno::Inval),
        }
    }
}

/// Flags of an argument; unknown ones are `INVAL`.
macro_rules! of_words {
    ($($flags:ident: $repr:ty),*) => {$(
        impl $flags {
            pub(crate) fn of(word: u32) -> Result<$flags, Errno> {
                let bits = <$repr>::try_from(word).ok();
                bits.and_then($flags::from_bits).ok_or(Errno::Inval)
            }
        }
    )*};
}

of_words!(FdFlags: u16, FstFlags: u16, LookupFlags: u32, OFlags: u16, RiFlags: u16, SdFlags: u8);

impl Rights {
    pub(crate) fn of(bits: u64) -> Result<Rights, Errno> {
        Rights::from_bits(bits).ok_or(Errno::Inval)
    }
}
