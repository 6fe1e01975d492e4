//! Connections that are read in sips. hyper's buffer for a connection grows with what one read brings, to 400 KiB; a
//! hundred uploads at once would take the memory of one large file.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Bytes that one read brings at most.
const SIP: usize = 32 * 1024;

/// A listener whose connections are read in sips.
pub struct Sips(pub TcpListener);

impl Listener for Sips {
    type Io = Sipped;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Sipped, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Sipped(stream), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that is read in sips.
pub struct Sipped(TcpStream);

impl AsyncRead for Sipped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buffer.remaining().min(SIP);
        let mut sip = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.0).poll_read(context, &mut sip))?;
        let read = sip.filled().len();
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sipped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}
