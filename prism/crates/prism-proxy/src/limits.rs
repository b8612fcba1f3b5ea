//! What HTTP/2 allows a peer to make the proxy hold, each limit set on purpose.
//!
//! The windows are chosen so that stalled streams never stop others: a connection's window is the windows
//! of all the streams it may carry. However many of them nobody reads, the others still have theirs.

use std::time::Duration;

/// What one stream may have in flight towards the proxy, and so what a stream that nobody reads pins.
///
/// Half of it slowed messages of 1 MiB down, twice of it did not speed them up.
const STREAM_WINDOW: u32 = 128 * 1024;

/// Calls on one connection. A client with more opens them as others end; for a runner, the proxy opens
/// further connections.
pub(crate) const STREAMS_PER_CONNECTION: u32 = 128;

/// Room for every stream of a connection at once, whoever of them is read.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * STREAMS_PER_CONNECTION;

/// Connections to one runner, from one thread; calls past them wait for their turn.
pub(crate) const UPSTREAM_CONNECTIONS: usize = 64;

/// The largest frame that is taken. Each costs a read and a write: frames of 16 KiB cost a third more.
const FRAME_SIZE: u32 = 64 * 1024;

/// Metadata of one call, either way. gRPC's default is 8 KiB; trailers with details of 60 KB pass too.
const HEADER_LIST_SIZE: u32 = 128 * 1024;

/// Bytes that one stream may have waiting for the socket or for the peer's window.
const SEND_BUFFER: usize = 64 * 1024;

/// Streams that a client may open and reset before the proxy has looked at them (CVE-2023-44487).
const PENDING_ACCEPT_RESETS: usize = 64;

/// Streams that a client may make the proxy itself reset, over a connection's life (CVE-2025-8671).
const LOCAL_ERROR_RESETS: usize = 512;

/// Streams that are remembered after a reset, so that frames still on the way are not an error.
const REMEMBERED_RESETS: usize = 1024;

/// How long such a stream is remembered: far longer than a frame is on the way.
const RESET_MEMORY: Duration = Duration::from_secs(1);

/// What waiting DATA frames of a client may cost beyond their bytes: over 20,000 tiny ones. Only small
/// frames that the proxy can't pass on count, and only the client's own connection ends.
const CLIENT_DATA_FRAME_BUDGET: usize = 4 * 1024 * 1024;

/// The same for a runner: larger, because every client's calls share its connections.
const UPSTREAM_DATA_FRAME_BUDGET: usize = 32 * 1024 * 1024;

/// How long a client may take to begin to speak HTTP/2, so that silent connections go away.
pub(crate) const PREFACE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connecting to a runner may take: what a call waits for one that does not answer at all.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The server half: what clients are allowed.
pub(crate) fn server() -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .max_frame_size(FRAME_SIZE)
        .max_header_list_size(HEADER_LIST_SIZE)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(PENDING_ACCEPT_RESETS)
        .max_local_error_reset_streams(Some(LOCAL_ERROR_RESETS))
        .max_concurrent_reset_streams(REMEMBERED_RESETS)
        .reset_stream_duration(RESET_MEMORY)
        .data_frame_budget(CLIENT_DATA_FRAME_BUDGET);
    builder
}

/// The client half: what runners are allowed.
pub(crate) fn client() -> h2::client::Builder {
    let mut builder = h2::client::Builder::new();
    builder
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .enable_push(false)
        .max_frame_size(FRAME_SIZE)
        .max_header_list_size(HEADER_LIST_SIZE)
        .max_send_buffer_size(SEND_BUFFER)
        // Answers to cancelled calls count here, and a connection to a runner lives for weeks.
        .max_local_error_reset_streams(None)
        .max_concurrent_reset_streams(REMEMBERED_RESETS)
        .reset_stream_duration(RESET_MEMORY)
        .data_frame_budget(UPSTREAM_DATA_FRAME_BUDGET);
    builder
}
