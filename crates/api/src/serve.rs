//! Takes connections, with TLS or without, bounds what each may cost, and hands its requests to the router.

use crate::{
    ApiError, Config, State, router,
    stall::Stalling,
    state::ended,
    visitors::{Visitor, Visitors},
};
use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{future::Future, path::Path, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// A client has this long for its TLS handshake, and again for the head of each request (security.md: slowloris).
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// Longest head of a request: cookies and a list's filters fit many times.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Requests in progress have this long to end when the server stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// After a failed accept (no file descriptors left) the next is tried this much later, not in a hot loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

struct Door {
    router: Router,
    tls: Option<TlsAcceptor>,
    visitors: Visitors,
    head_deadline: Duration,
}

/// Serves until `stop` resolves, then lets requests in progress end (10 s at most).
///
/// # Errors
/// When certificate or key cannot be read or do not fit together.
pub async fn serve(
    config: Config,
    listeners: Vec<TcpListener>,
    state: State,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ApiError> {
    let tls = match &config.tls {
        Some(files) => Some(acceptor(&files.cert, &files.key)?),
        None => None,
    };
    let (closing, closed) = watch::channel(false);
    let live = state.live.clone();
    let router = router::router(config, state, closed);
    let door = Arc::new(Door { router, tls, visitors: Visitors::default(), head_deadline: HEAD_DEADLINE });
    tokio::select! {
        () = open(door, listeners, closing, stop) => Ok(()),
        () = live.run() => unreachable!("the hub is held here, so it is never over"),
    }
}

/// What a connection has of the server's end: when it comes, and a sign that the connection still lives.
#[derive(Clone)]
struct Closing {
    closed: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
}

async fn open(
    door: Arc<Door>,
    listeners: Vec<TcpListener>,
    closing: watch::Sender<bool>,
    stop: impl Future<Output = ()> + Send,
) {
    let (alive, mut all_gone) = mpsc::channel(1);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let closing = Closing { closed: closing.subscribe(), _alive: alive.clone() };
        accepting.spawn(accept(door.clone(), listener, closing));
    }
    drop(alive);
    stop.await;
    accepting.shutdown().await;
    closing.send_replace(true);
    if tokio::time::timeout(DRAIN_MAX, all_gone.recv()).await.is_err() {
        tracing::warn!(drain_s = DRAIN_MAX.as_secs(), "requests were cut off at shutdown");
    }
}

async fn accept(door: Arc<Door>, listener: TcpListener, closing: Closing) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Too many strangers: closed without a word, which costs us least.
                let Some(visitor) = door.visitors.enter(peer) else { continue };
                tokio::spawn(connection(door.clone(), stream, visitor, closing.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(door: Arc<Door>, stream: TcpStream, visitor: Visitor, closing: Closing) {
    // Answers and facts are small and awaited by people: sent at once.
    let _ = stream.set_nodelay(true);
    match door.tls.clone() {
        None => requests(&door, stream, visitor, closing).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(door.head_deadline, tls.accept(stream)).await {
                requests(&door, stream, visitor, closing).await;
            }
        }
    }
}

async fn requests<Io>(door: &Door, io: Io, visitor: Visitor, mut closing: Closing)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = door.router.clone();
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(visitor.clone());
        router.clone().oneshot(request.map(axum::body::Body::new) as Request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.head_deadline)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Stalling::new(io)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = ended(&mut closing.closed) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // How a client broke off is its own affair.
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection broken");
    }
}

fn acceptor(cert: &Path, key: &Path) -> Result<TlsAcceptor, ApiError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| ApiError::Pem { path, source }
    };
    let certs = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(cert))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
        .map_err(|source| ApiError::Certificate { source })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
