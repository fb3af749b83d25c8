//! The sound of calls: whole, in parts, for whom.

use super::{
    harness::{Site, get},
    openapi::record,
};
use axum::http::{Method, Request, StatusCode, header};
use store::{Piece, Recording};
use vocab::{CallId, RecordingId, RecordingPurpose, Timestamp};

const BYTES: usize = 44 + 800 * 4;

struct Recorded {
    site: Site,
    recording: RecordingId,
}

/// A call of agent 1001 with 100 ms of stereo in two pieces.
async fn recorded() -> Recorded {
    let site = Site::new().await;
    let record = record();
    let (call, recording) = (record.call, record.recordings[0].recording);
    site.state.store.put_records(&[record]).await.unwrap();
    let entry = Recording {
        recording,
        call,
        purpose: RecordingPurpose::Conversation,
        started: Timestamp(1_700_000_000_000),
        stopped: Some(Timestamp(1_700_000_000_100)),
    };
    site.state.store.put_recording(&entry).await.unwrap();
    for (number, sample) in [0x80_u8, 0x00].into_iter().enumerate() {
        std::fs::write(site.state.recordings_dir.join(format!("{number}.wav")), wav(&[sample; 800])).unwrap();
    }
    let pieces: Vec<Piece> = (0..2).map(|number| piece(recording, call, number, &format!("{number}.wav"))).collect();
    site.state.store.put_pieces(&pieces).await.unwrap();
    Recorded { site, recording }
}

fn piece(recording: RecordingId, call: CallId, number: u32, path: &str) -> Piece {
    let (path, codec) = (path.to_owned(), "pcmu".to_owned());
    Piece { recording, call, number, offset_ms: u64::from(number) * 50, path, channels: 2, codec, bytes: Some(800) }
}

fn wav(data: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF\0\0\0\0WAVEfmt \x12\0\0\0\x07\0\x02\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x08\0\0\0data".to_vec();
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out.extend_from_slice(data);
    out
}

impl Recorded {
    async fn audio(&self, token: &str, query: &str, range: Option<&str>) -> super::harness::Reply {
        let mut request: Request<_> = get(&format!("/api/v1/recordings/{}/audio{query}", self.recording));
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        if let Some(range) = range {
            request.headers_mut().insert(header::RANGE, range.parse().unwrap());
        }
        self.site.ask(request).await
    }
}

#[tokio::test]
async fn pieces_play_as_one_wav_in_pcm_for_browsers_or_as_stored() {
    let recorded = recorded().await;
    let token = recorded.site.log_in("quality").await;
    let reply = recorded.audio(&token, "", None).await;
    assert_eq!((reply.status, reply.bytes.len()), (StatusCode::OK, BYTES));
    assert_eq!((reply.header("content-type"), reply.header("accept-ranges")), ("audio/wav", "bytes"));
    assert_eq!((&reply.bytes[..4], &reply.bytes[20..22]), (&b"RIFF"[..], &[1, 0][..]));
    assert_eq!(reply.bytes[44..48], [0x7c, 0x7d, 0x7c, 0x7d], "32124 on both sides");
    let reply = recorded.audio(&token, "?format=original&download=1", None).await;
    assert_eq!((reply.bytes.len(), &reply.bytes[20..22]), (58 + 1600, &[7, 0][..]));
    let name = format!("attachment; filename=\"{}.wav\"", recorded.recording);
    assert_eq!(reply.header("content-disposition"), name);
}

#[tokio::test]
async fn ranges_give_the_same_bytes_as_the_whole() {
    let recorded = recorded().await;
    let token = recorded.site.log_in("admin").await;
    let whole = recorded.audio(&token, "", None).await.bytes;
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=40-51", 40, 51),
        ("bytes=1641-1650", 1641, 1650),
        ("bytes=-5", BYTES - 5, BYTES - 1),
    ] {
        let reply = recorded.audio(&token, "", Some(range)).await;
        assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(reply.bytes, whole[first..=last], "{range}");
        assert_eq!(reply.header("content-range"), format!("bytes {first}-{last}/{BYTES}"));
        assert_eq!(reply.header("content-length"), (last - first + 1).to_string());
    }
    let reply = recorded.audio(&token, "", Some("bytes=9999-")).await;
    assert_eq!((reply.status, reply.header("content-range")), (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */3244"));
    assert_eq!(reply.json()["code"], "range_not_satisfiable");
}

#[tokio::test]
async fn an_agent_hears_their_own_calls_only_and_every_playing_is_audited() {
    let recorded = recorded().await;
    for (username, status) in
        [("agent", 200), ("agent2", 404), ("supervisor", 200), ("quality", 200), ("auditor", 403), ("integrator", 403)]
    {
        let token = recorded.site.log_in(username).await;
        assert_eq!(recorded.audio(&token, "", None).await.status.as_u16(), status, "{username}");
        let path = format!("/recordings/{}", recorded.recording);
        assert_eq!(recorded.site.call(&token, Method::GET, &path, None).await.status.as_u16(), status, "{username}");
    }
    let entries = recorded.site.state.store.audit_entries(&Default::default()).await.unwrap().items;
    let played: Vec<&str> =
        entries.iter().filter(|entry| entry.action == "play").map(|entry| entry.who.as_str()).collect();
    assert_eq!(played, ["quality", "supervisor", "agent"]);
}

#[tokio::test]
async fn a_recording_tells_its_length_and_its_outline() {
    let recorded = recorded().await;
    let token = recorded.site.log_in("agent").await;
    let path = format!("/recordings/{}", recorded.recording);
    let view = recorded.site.call(&token, Method::GET, &path, None).await.json();
    assert_eq!((&view["duration_ms"], &view["channels"], &view["complete"]), (&100.into(), &2.into(), &true.into()));
    assert_eq!(view["pieces"][1]["offset_ms"], 50);
    assert!(!view.to_string().contains(".wav"), "paths stay inside");
    let peaks = recorded.site.call(&token, Method::GET, &format!("{path}/peaks?points=4"), None).await.json();
    assert_eq!(peaks["left"], serde_json::json!([0.98, 0.98, 0.98, 0.98]));
    assert_eq!((peaks["right"].as_array().unwrap().len(), &peaks["duration_ms"]), (4, &100.into()));
    let reply = recorded.site.call(&token, Method::GET, &format!("{path}/peaks?points=0"), None).await;
    assert_eq!(reply.json()["code"], "bad_query");
}

#[tokio::test]
async fn a_missing_file_and_a_path_that_leads_outside_are_said_to_be_missing() {
    let recorded = recorded().await;
    let token = recorded.site.log_in("admin").await;
    let outside = recorded.site.folder.path().join("secret.wav");
    std::fs::write(&outside, wav(&[0x11; 800])).unwrap();
    let call = record().call;
    for path in ["gone.wav", "../secret.wav", outside.to_str().unwrap()] {
        recorded.site.state.store.put_pieces(&[piece(recorded.recording, call, 1, path)]).await.unwrap();
        let reply = recorded.audio(&token, "", None).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("sound_missing")));
    }
}

#[tokio::test]
async fn a_record_in_full_names_the_pieces_and_agents_see_but_their_own() {
    let recorded = recorded().await;
    let call = record().call;
    for (username, status, found) in
        [("agent", 200, 1), ("agent2", 404, 0), ("supervisor", 200, 1), ("integrator", 200, 1)]
    {
        let token = recorded.site.log_in(username).await;
        let reply = recorded.site.call(&token, Method::GET, &format!("/records/{call}"), None).await;
        assert_eq!(reply.status.as_u16(), status, "{username}");
        if status == 200 {
            assert_eq!(reply.json()["recordings"][0]["pieces"].as_array().unwrap().len(), 2);
        }
        let list = recorded.site.call(&token, Method::GET, "/records?agent=1001", None).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), found, "{username}");
        let reply = recorded.site.call(&token, Method::GET, &format!("/calls/{call}"), None).await;
        assert_eq!(reply.status.as_u16(), status, "{username}");
    }
}
