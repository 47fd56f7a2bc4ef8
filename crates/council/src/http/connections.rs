//! Open connections. Before somebody has proved who they are, their connection holds nothing that
//! is not bounded: it ends when it is silent for too long, and when there are too many connections
//! the one that has been silent longest gives way to the new one.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_http::add_extension::AddExtension;

/// How long the headers of a request can take, and how long a connection waits for its next
/// request.
pub const HEADER_TIME: Duration = Duration::from_secs(20);

/// The most bytes of a request's headers.
pub const HEADER_BYTES: usize = 64 * 1024;

/// How many strangers can be connected at a time. Each can make the service hold a request's body
/// before it is known from whom it is.
const MOST_STRANGERS: usize = 192;

/// How long a request's body can be silent.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(20);

/// The open connections of one listener.
#[derive(Clone)]
pub struct Connections(Arc<Open>);

struct Open {
    most: usize,
    connections: Mutex<BTreeMap<u64, Arc<Connection>>>,
    numbers: AtomicU64,
    /// Counts what connections do, so that it is known which did something longest ago.
    deeds: AtomicU64,
}

/// One connection.
#[derive(Default)]
struct Connection {
    /// When it last sent or got something, as a number of [`Open::deeds`].
    active: AtomicU64,
    /// Who is at the other end, as a hash that is not 0; 0 for a stranger.
    of: AtomicU64,
    gives_way: AtomicBool,
    waker: AtomicWaker,
}

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub struct OnConnection(Arc<Connection>);

impl OnConnection {
    /// Notes who is at the other end: a phone by its signature, a person by their session or a
    /// system by its token. Such a connection gives way only if all connections are of people,
    /// phones and systems, and only one of whoever has the most.
    pub(crate) fn is_of(&self, who: impl Hash) {
        let mut hasher = DefaultHasher::new();
        who.hash(&mut hasher);
        self.0.of.store(hasher.finish().max(1), Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connections").field("most", &self.0.most).finish_non_exhaustive()
    }
}

impl Connections {
    /// Room for this many connections at a time.
    #[must_use]
    pub fn room_for(most: usize) -> Self {
        let connections = Mutex::default();
        Self(Arc::new(Open { most, connections, numbers: AtomicU64::new(0), deeds: AtomicU64::new(0) }))
    }

    /// Counts a new connection. If there is no room, another one gives way. `None` when everybody
    /// has only one connection.
    fn take_in(&self) -> Option<(u64, Arc<Connection>)> {
        let mut connections = self.0.connections();
        let of = |one: &Connection| one.of.load(Ordering::Relaxed);
        let strangers = connections.values().filter(|one| of(one) == 0).count();
        if connections.len() >= self.0.most || strangers >= MOST_STRANGERS {
            let whose = if strangers > 0 { 0 } else { whose_are_most(&connections)? };
            let theirs = connections.iter().filter(|(_, one)| of(one) == whose);
            let (number, longest) = theirs.min_by_key(|(_, one)| one.active.load(Ordering::Relaxed))?;
            let number = *number;
            longest.gives_way.store(true, Ordering::Release);
            longest.waker.wake();
            connections.remove(&number);
        }
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection::default());
        connection.active.store(self.0.next_deed(), Ordering::Relaxed);
        connections.insert(number, Arc::clone(&connection));
        Some((number, connection))
    }
}

/// Who has the most connections; `None` when nobody has more than one.
fn whose_are_most(connections: &BTreeMap<u64, Arc<Connection>>) -> Option<u64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for one in connections.values() {
        *counts.entry(one.of.load(Ordering::Relaxed)).or_default() += 1;
    }
    let (whose, most) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (most > 1).then_some(whose)
}

impl Open {
    fn connections(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_deed(&self) -> u64 {
        self.deeds.fetch_add(1, Ordering::Relaxed)
    }
}

impl<I, S> Accept<I, S> for Connections {
    type Stream = Counted<I>;
    type Service = AddExtension<S, OnConnection>;
    type Future = std::future::Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let taken = self.take_in().ok_or_else(|| io::Error::other("there are too many connections"));
        std::future::ready(taken.map(|(number, connection)| {
            let service = AddExtension::new(service, OnConnection(Arc::clone(&connection)));
            (Counted { stream, number, connection, open: Arc::clone(&self.0) }, service)
        }))
    }
}

/// A connection's stream. It ends when the connection has to give way.
#[derive(Debug)]
pub struct Counted<I> {
    stream: I,
    number: u64,
    connection: Arc<Connection>,
    open: Arc<Open>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("of", &self.of).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("most", &self.most).finish_non_exhaustive()
    }
}

impl<I> Counted<I> {
    /// Whether the connection has to give way. Otherwise it is woken when it has to.
    fn gives_way(&self, context: &Context<'_>) -> bool {
        self.connection.waker.register(context.waker());
        self.connection.gives_way.load(Ordering::Acquire)
    }

    fn was_active(&self) {
        self.connection.active.store(self.open.next_deed(), Ordering::Relaxed);
    }
}

impl<I> Drop for Counted<I> {
    fn drop(&mut self) {
        self.open.connections().remove(&self.number);
    }
}

fn has_given_way() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection gave way to a new one")
}

impl<I: AsyncRead + Unpin> AsyncRead for Counted<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.gives_way(context) {
            return Poll::Ready(Err(has_given_way()));
        }
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.was_active();
        }
        read
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Counted<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.connection.gives_way.load(Ordering::Acquire) {
            return Poll::Ready(Err(has_given_way()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if written.is_ready() {
            self.was_active();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stranger_who_was_silent_longest_gives_way() {
        let open = Connections::room_for(3);
        let [first, second, third] = [(), (), ()].map(|()| open.take_in().unwrap().1);
        OnConnection(Arc::clone(&first)).is_of("super-1");
        second.active.store(open.0.next_deed(), Ordering::Relaxed);
        let (_, fourth) = open.take_in().unwrap();
        let give_way = [&first, &second, &third, &fourth].map(|one| one.gives_way.load(Ordering::Relaxed));
        assert_eq!(give_way, [false, false, true, false], "the third did nothing since");
    }

    #[test]
    fn whoever_holds_the_most_connections_gives_one_back_and_nobody_loses_their_only_one() {
        let open = Connections::room_for(3);
        let theirs = [(), ()].map(|()| open.take_in().unwrap().1);
        theirs.iter().for_each(|one| OnConnection(Arc::clone(one)).is_of("vale-super"));
        let (_, other) = open.take_in().unwrap();
        OnConnection(Arc::clone(&other)).is_of("super-1");
        let (_, newer) = open.take_in().unwrap();
        let give_way = [&theirs[0], &theirs[1], &other, &newer].map(|one| one.gives_way.load(Ordering::Relaxed));
        assert_eq!(give_way, [true, false, false, false]);
        OnConnection(Arc::clone(&newer)).is_of("audit-1");
        assert!(open.take_in().is_none(), "each has one");
    }

    #[test]
    fn strangers_have_room_for_few_whatever_room_there_is() {
        let open = Connections::room_for(10_000);
        let all: Vec<_> = (0..MOST_STRANGERS + 5).map(|_| open.take_in().unwrap().1).collect();
        assert_eq!(open.0.connections().len(), MOST_STRANGERS);
        assert!(all[..5].iter().all(|one| one.gives_way.load(Ordering::Relaxed)));
    }

    #[tokio::test]
    async fn a_connection_that_gives_way_ends_at_once_and_leaves_its_place_when_it_is_gone() {
        use tokio::io::AsyncReadExt;
        let open = Connections::room_for(1);
        let (near, _far) = tokio::io::duplex(16);
        let (mut idle, _) = open.accept(near, ()).await.unwrap();
        let waits = tokio::spawn(async move { idle.read_u8().await.unwrap_err().kind() });
        tokio::task::yield_now().await;
        let (near, _far) = tokio::io::duplex(16);
        let (newer, _) = open.accept(near, ()).await.unwrap();
        assert_eq!(waits.await.unwrap(), io::ErrorKind::ConnectionAborted);
        drop(newer);
        assert_eq!(open.0.connections().len(), 0);
    }
}
