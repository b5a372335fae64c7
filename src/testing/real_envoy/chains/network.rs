//! What the kernel does for a mesh, done by this process: a connection to an address of the mesh arrives at the proxy that has it.
//!
//! Redirection by iptables keeps where a connection was meant to go and where it came from. Here a [`wire`] tells both by the header of
//! the PROXY protocol, which a listener filter reads, and so all listeners, filter chains and policies see the mesh's own addresses.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A place of the mesh: an address or a name, and a port.
pub(super) type Place = (String, u16);

/// Where connections arrive on this machine.
#[derive(Default)]
pub(super) struct Network {
    doors: Mutex<BTreeMap<Door, SocketAddr>>,
}

/// A way in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door {
    /// To a port of a gateway.
    Gateway(String, u16),
    /// To any port of a Pod with a sidecar.
    Inbound(String),
    /// Out of a Pod with a sidecar.
    Outbound(String),
    /// To a port of what is outside of the mesh.
    Outside(u16),
}

impl Network {
    /// Notes where a door is.
    pub(super) fn open(&self, door: Door, at: SocketAddr) {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).insert(door, at);
    }

    /// Finds where connections to a place arrive, and whether a proxy of the mesh is there.
    fn find(&self, to: &Place) -> Option<(SocketAddr, bool)> {
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let of_mesh = [Door::Gateway(to.0.clone(), to.1), Door::Inbound(to.0.clone())];
        let found = of_mesh.iter().find_map(|door| doors.get(door));
        found.map(|at| (*at, true)).or_else(|| Some((*doors.get(&Door::Outside(to.1))?, false)))
    }

    fn out_of(&self, pod: &str) -> Option<SocketAddr> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).get(&Door::Outbound(pod.to_owned())).copied()
    }
}

/// Lays a wire from this address of the mesh to a place, and returns the port at which it begins.
pub(super) fn wire(network: &Arc<Network>, from: IpAddr, to: Place) -> Result<u16, String> {
    let network = network.clone();
    lay(move || {
        let (at, is_proxy) = network.find(&to)?;
        Some((at, is_proxy.then(|| header(from, &to)).flatten()))
    })
}

/// Lays a wire that an application's own connections take: out of its Pod, to a place.
pub(super) fn application_wire(network: &Arc<Network>, pod: IpAddr, to: Place) -> Result<u16, String> {
    let network = network.clone();
    lay(move || Some((network.out_of(&pod.to_string())?, header(pod, &to))))
}

/// Version 1 of the PROXY protocol.
fn header(from: IpAddr, to: &Place) -> Option<String> {
    let ip: IpAddr = to.0.parse().ok()?;
    let family = if ip.is_ipv4() { "TCP4" } else { "TCP6" };
    Some(format!("PROXY {family} {from} {ip} 40000 {}\r\n", to.1))
}

/// Accepts connections for as long as the process runs, and passes their bytes on.
fn lay(find: impl Fn() -> Option<(SocketAddr, Option<String>)> + Send + 'static) -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Without a door, the connection is closed.
            let Some((at, header)) = find() else { continue };
            let Ok(mut server) = TcpStream::connect(at) else { continue };
            if server.write_all(header.unwrap_or_default().as_bytes()).is_ok() {
                pass_on(&client, &server);
                pass_on(&server, &client);
            }
        }
    });
    Ok(port)
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    if let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) {
        std::thread::spawn(move || {
            // An end that goes away is no matter of ours.
            drop(std::io::copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Write));
        });
    }
}
