//! Recordings: what they are, how they sound, how they look. The sound leaves through here only, never by path.

use crate::{
    body::{Parameters, parse},
    identity::Principal,
    problem::{Problem, ProblemDocument},
    records::may_see_record,
    schema,
    sound::{PEAK_POINTS_MAX, PieceFile, Sound},
    state::{Shared, Site},
    wording::Code,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{
    io,
    ops::Range,
    path::{Component, PathBuf},
    sync::Arc,
};
use store::{Deed, Piece, Recording};
use utoipa::{IntoParams, ToSchema};
use vocab::{RecordingId, RecordingPurpose};

/// Read from disk and sent at once.
const CHUNK_BYTES: u64 = 128 * 1024;
/// Points drawn when nobody says how many.
const PEAK_POINTS: u32 = 1000;

/// A recording.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub struct RecordingView {
    /// Its identity.
    recording: String,
    /// The call it belongs to.
    call: String,
    /// What for.
    #[schema(value_type = schema::RecordingPurpose)]
    purpose: RecordingPurpose,
    /// When it began, Unix milliseconds.
    started: i64,
    /// Playing time; 0 while nothing of it is on this disk.
    duration_ms: u64,
    /// 1 or 2 (caller left, agent right).
    channels: u8,
    /// Files it lies in.
    pieces: Vec<PieceView>,
    /// False while it runs, or when the process died in it.
    complete: bool,
}

/// A piece of a recording, without its path.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Piece)]
pub struct PieceView {
    /// Counts from 0.
    number: u32,
    /// Where it begins in the recording, milliseconds.
    offset_ms: u64,
    /// 1 or 2.
    channels: u8,
    /// `pcmu`, `pcma`, `pcm16`.
    codec: String,
    /// Bytes of sound; null while written, or when the process died in it.
    bytes: Option<u64>,
}

impl From<&Piece> for PieceView {
    fn from(piece: &Piece) -> PieceView {
        PieceView {
            number: piece.number,
            offset_ms: piece.offset_ms,
            channels: piece.channels,
            codec: piece.codec.clone(),
            bytes: piece.bytes,
        }
    }
}

/// A recording whose sound this person may have.
struct Granted {
    recording: Recording,
    pieces: Vec<Piece>,
}

async fn grant(site: &Shared, principal: &Principal, recording: &str) -> Result<Granted, Problem> {
    let recording: RecordingId = parse(recording)?;
    let recording = site.store().recording(recording).await?.ok_or(Code::NotFound)?;
    if !principal.sees_all() {
        let record = site.store().record(recording.call).await?;
        record.filter(|record| may_see_record(principal, record)).ok_or(Code::NotFound)?;
    }
    let pieces = site.store().pieces(recording.recording).await?;
    Ok(Granted { recording, pieces })
}

impl Granted {
    async fn sound(&self, site: &Shared, as_stored: bool) -> Result<Sound, Problem> {
        let (root, pieces) = (site.state.recordings_dir.clone(), self.pieces.clone());
        let opened = off_thread(move || {
            let root = root.canonicalize()?;
            let files = pieces.iter().map(|piece| {
                let path = inside(&root, &piece.path)?;
                Ok(PieceFile { path, offset_ms: piece.offset_ms })
            });
            Sound::open(&files.collect::<io::Result<Vec<_>>>()?, as_stored)
        });
        opened.await.map_err(|error| self.missing(&error))
    }

    fn missing(&self, error: &io::Error) -> Problem {
        tracing::warn!(%error, recording = %self.recording.recording, "a recording cannot be read");
        Code::SoundMissing.into()
    }
}

/// The file of a piece, if its path stays inside the recordings' folder, links followed.
fn inside(root: &std::path::Path, path: &str) -> io::Result<PathBuf> {
    let relative = std::path::Path::new(path);
    let plain =
        relative.file_name().is_some() && relative.components().all(|part| matches!(part, Component::Normal(_)));
    let whole = root.join(relative).canonicalize()?;
    if plain && whole.starts_with(root) { Ok(whole) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// One recording; agents those of their own calls.
#[utoipa::path(get, path = "/recordings/{recording}", tag = "recordings", params(("recording" = String, Path)),
    responses((status = 200, body = RecordingView), (status = 404, body = ProblemDocument)))]
pub async fn get(
    State(site): Site,
    principal: Principal,
    Path(recording): Path<String>,
) -> Result<axum::Json<RecordingView>, Problem> {
    let granted = grant(&site, &principal, &recording).await?;
    let duration_ms = granted.sound(&site, true).await.map_or(0, |sound| sound.duration_ms());
    let Granted { recording, pieces } = &granted;
    Ok(axum::Json(RecordingView {
        recording: recording.recording.to_string(),
        call: recording.call.to_string(),
        purpose: recording.purpose,
        started: recording.started.0,
        duration_ms,
        channels: pieces.first().map_or(0, |piece| piece.channels),
        pieces: pieces.iter().map(PieceView::from).collect(),
        complete: recording.stopped.is_some(),
    }))
}

/// How the sound is wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoundFormat {
    /// 16-bit PCM, which every browser plays.
    #[default]
    Pcm16,
    /// As recorded (G.711), half the size.
    Original,
}

/// How the sound is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AudioParameters {
    /// Coding of the WAV.
    #[serde(default)]
    #[param(value_type = Option<SoundFormat>)]
    format: SoundFormat,
    /// 1 to save instead of play; audited as such.
    #[serde(default)]
    download: u8,
}

/// The sound as one WAV. Takes `Range`; playing and downloading are audited.
#[utoipa::path(get, path = "/recordings/{recording}/audio", tag = "recordings",
    params(("recording" = String, Path), AudioParameters), responses(
    (status = 200, description = "All of it", content_type = "audio/wav", body = Vec<u8>),
    (status = 206, description = "The range asked for", content_type = "audio/wav", body = Vec<u8>),
    (status = 404, body = ProblemDocument), (status = 416, body = ProblemDocument)
))]
pub async fn audio(
    State(site): Site,
    principal: Principal,
    method: Method,
    headers: HeaderMap,
    Path(recording): Path<String>,
    Parameters(asked): Parameters<AudioParameters>,
) -> Result<Response, Problem> {
    let granted = grant(&site, &principal, &recording).await?;
    let sound = granted.sound(&site, matches!(asked.format, SoundFormat::Original)).await?;
    let bytes = sound.bytes();
    let range = match range(headers.get(header::RANGE), bytes) {
        Ok(range) => range,
        Err(Code::RangeNotSatisfiable) => return Ok(unsatisfiable(bytes)),
        Err(code) => return Err(code.into()),
    };
    // A player asks for the beginning once and for ranges after it: one playing, one entry.
    if method == Method::GET && range.as_ref().is_none_or(|range| range.start == 0) {
        let action = if asked.download == 1 { "download" } else { "play" };
        let object = format!("recordings/{recording}");
        let deed = Deed { action, object, before: None, after: None, result: "ok" };
        site.store().audit(&principal.actor(), &deed).await?;
    }
    Ok(stream(sound, range, asked.download == 1, &granted.recording))
}

fn stream(sound: Sound, range: Option<Range<u64>>, download: bool, recording: &Recording) -> Response {
    let bytes = sound.bytes();
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let (partial, Range { start, end }) = (range.is_some(), range.unwrap_or(0..bytes));
    let sound = Arc::new(sound);
    let chunks = futures_util::stream::try_unfold(start, move |at| {
        let sound = sound.clone();
        async move {
            if at >= end {
                return Ok::<_, io::Error>(None);
            }
            let length = CHUNK_BYTES.min(end - at);
            let chunk = off_thread(move || sound.read(at, length as usize)).await?;
            Ok(Some((Bytes::from(chunk), at + length)))
        }
    });
    let mut response = (status, Body::from_stream(chunks)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    let text = |text: String| HeaderValue::try_from(text).expect("digits and a UUID");
    if partial {
        headers.insert(header::CONTENT_RANGE, text(format!("bytes {start}-{}/{bytes}", end - 1)));
    }
    if download {
        let name = text(format!("attachment; filename=\"{}.wav\"", recording.recording));
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

fn unsatisfiable(bytes: u64) -> Response {
    let mut response = Problem::from(Code::RangeNotSatisfiable).into_response();
    let range = HeaderValue::try_from(format!("bytes */{bytes}")).expect("digits");
    response.headers_mut().insert(header::CONTENT_RANGE, range);
    response
}

/// The one range of a `Range` header (RFC 9110 section 14.2); none when the whole is to be sent, which is also the answer
/// to several ranges and to other units.
fn range(asked: Option<&HeaderValue>, bytes: u64) -> Result<Option<Range<u64>>, Code> {
    let Some(spec) = asked.and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix("bytes=")) else {
        return Ok(None);
    };
    let Some((first, last)) = spec.trim().split_once('-').filter(|_| !spec.contains(',')) else { return Ok(None) };
    let number = |text: &str| (!text.is_empty()).then(|| text.parse::<u64>()).transpose().ok();
    let (Some(first), Some(last)) = (number(first), number(last)) else { return Ok(None) };
    let range = match (first, last) {
        (None, None) => return Ok(None),
        (None, Some(suffix)) => bytes.saturating_sub(suffix)..bytes,
        (Some(first), None) => first..bytes,
        (Some(first), Some(last)) if last >= first => first..last.saturating_add(1).min(bytes),
        (Some(_), Some(_)) => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(Code::RangeNotSatisfiable) }
}

/// How many points.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeakParameters {
    /// 1 to 8192; 1000 when absent.
    points: Option<u32>,
}

/// The outline of a recording.
#[derive(Debug, Serialize, ToSchema)]
pub struct Peaks {
    /// Loudest sample of each part of the caller's channel, 0 to 1.
    left: Vec<f32>,
    /// The agent's channel; empty when there is but one.
    right: Vec<f32>,
    /// Playing time.
    duration_ms: u64,
}

/// The outline of a recording, to draw it without fetching its sound.
#[utoipa::path(get, path = "/recordings/{recording}/peaks", tag = "recordings",
    params(("recording" = String, Path), PeakParameters),
    responses((status = 200, body = Peaks), (status = 404, body = ProblemDocument)))]
pub async fn peaks(
    State(site): Site,
    principal: Principal,
    Path(recording): Path<String>,
    Parameters(asked): Parameters<PeakParameters>,
) -> Result<axum::Json<Peaks>, Problem> {
    let points = asked.points.unwrap_or(PEAK_POINTS);
    if !(1..=PEAK_POINTS_MAX).contains(&points) {
        return Err(Code::BadQuery.into());
    }
    let granted = grant(&site, &principal, &recording).await?;
    let sound = granted.sound(&site, true).await?;
    let duration_ms = sound.duration_ms();
    let drawn = off_thread(move || sound.peaks(points)).await.map_err(|error| granted.missing(&error))?;
    let mut channels = drawn.into_iter();
    let (left, right) = (channels.next().unwrap_or_default(), channels.next().unwrap_or_default());
    Ok(axum::Json(Peaks { left, right, duration_ms }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (text, expected) in [
            ("bytes=0-9", Ok(Some(0..10))),
            ("bytes=90-", Ok(Some(90..100))),
            ("bytes=-10", Ok(Some(90..100))),
            ("bytes=-1000", Ok(Some(0..100))),
            ("bytes=50-1000", Ok(Some(50..100))),
            ("bytes=100-", Err(Code::RangeNotSatisfiable)),
            ("bytes=-0", Err(Code::RangeNotSatisfiable)),
            ("bytes=9-0", Ok(None)),
            ("bytes=0-1,5-6", Ok(None)),
            ("bytes=-", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("seconds=0-9", Ok(None)),
        ] {
            assert_eq!(range(Some(&HeaderValue::from_static(text)), 100), expected, "{text}");
        }
        assert_eq!(range(None, 100), Ok(None));
    }

    #[test]
    fn no_path_leaves_the_recordings_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("recordings");
        std::fs::create_dir_all(root.join("2026")).unwrap();
        std::fs::write(root.join("2026/a.wav"), "").unwrap();
        std::fs::write(folder.path().join("secret"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        let root = root.canonicalize().unwrap();
        assert!(inside(&root, "2026/a.wav").is_ok());
        let absolute = folder.path().join("secret");
        for path in ["../secret", "2026/../../secret", "link", absolute.to_str().unwrap(), "a\0b", "", "./2026/../.."] {
            assert!(inside(&root, path).is_err(), "{path:?}");
        }
    }
}
