//! What is served beside gRPC on the same listener: `GET /metrics`, and an answer for every other path.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tonic::Status;
use tonic::service::Routes;

use crate::page::Page;

/// The version of the format that every Prometheus reads.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const GRPC: &[u8] = b"application/grpc";

/// Routes with `/metrics` beside them; a path that is nobody's is 404, or UNIMPLEMENTED to who speaks gRPC.
#[must_use]
pub fn with_metrics(
    routes: Routes,
    write: impl Fn(&mut Page) + Clone + Send + Sync + 'static,
) -> Routes {
    let metrics = async move || {
        let mut page = Page::default();
        write(&mut page);
        ([(CONTENT_TYPE, TEXT)], page.into_text())
    };
    let all = routes.into_axum_router();
    all.route("/metrics", get(metrics)).fallback(nobody).into()
}

async fn nobody(request: Request) -> Response {
    let kind = request.headers().get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC)) {
        Status::unimplemented("").into_http::<Body>()
    } else {
        StatusCode::NOT_FOUND.into_response()
    }
}
