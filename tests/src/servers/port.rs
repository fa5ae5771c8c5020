//! Loopback ports that nobody else takes.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{self, AddressFamily, SocketType, sockopt};

/// A free port of the loopback, held by a socket that is bound and does not listen. Servers reuse addresses and can
/// therefore listen on it at the same time; nobody is given it as "any port", not even while the server is down.
#[derive(Debug)]
pub(crate) struct HeldPort {
    addr: SocketAddr,
    _socket: OwnedFd,
}

impl HeldPort {
    /// A free port of 127.0.0.1.
    pub(crate) fn v4() -> Self {
        Self::of(Ipv4Addr::LOCALHOST.into())
    }

    /// A free port of ::1.
    pub(crate) fn v6() -> Self {
        Self::of(Ipv6Addr::LOCALHOST.into())
    }

    fn of(ip: IpAddr) -> Self {
        Self::hold(ip).unwrap_or_else(|error| panic!("{ip} has no free port: {error}"))
    }

    fn hold(ip: IpAddr) -> io::Result<Self> {
        let family = match ip {
            IpAddr::V4(_) => AddressFamily::INET,
            IpAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = net::SocketFlags::CLOEXEC;
        let socket = net::socket_with(family, SocketType::STREAM, flags, None)?;
        net::bind(&socket, &SocketAddr::new(ip, 0))?;
        // Only now: with it a bind to "any port" could be given one that is in use.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        let addr = SocketAddr::try_from(net::getsockname(&socket)?)?;
        Ok(Self {
            addr,
            _socket: socket,
        })
    }

    /// The loopback address and the port.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The port alone.
    pub(crate) fn port(&self) -> u16 {
        self.addr.port()
    }
}
