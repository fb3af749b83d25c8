//! `strowger serve`: puts the parts together, starts the threads, and stops them in order.

use crate::{
    compose,
    config::Config,
    exchange::{Archived, CONTROL_MAX, Clock, Control, Door, Exchange, MEDIA_EVENTS_MAX, SIP_BATCHES_MAX},
    restart, say, sounds,
    vitals::{Others, Vitals},
};
use anyhow::{Context, Result};
use crossbeam_channel::{Sender, bounded};
use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};
use store::{
    Store, Write, Writer,
    journal::{Journal, Options, Recovered, read_unacknowledged},
};
use switch::{Answer, Command, Dispatcher, Gateway, Input, Switch};
use tokio::sync::oneshot;
use vocab::{NodeId, Timestamp};
use wire::bell::Bell;

/// Calls in progress get this long after SIGTERM; a second signal ends the wait.
const DRAIN_MAX: Duration = Duration::from_secs(120);
/// How often a draining node looks whether it is empty.
const DRAIN_LOOK: Duration = Duration::from_millis(100);
/// Dead calls' BYEs and the database's last batch get this long.
const FINISH_MAX: Duration = Duration::from_secs(5);
/// Chunks of sound that may wait for the disk: at 1,000 recorded calls a stall of 3 s costs nothing.
const RECORDING_CHUNKS_MAX: usize = 8_192;
/// Records of today read for the boards' counters at the start.
const TODAY_RECORDS_MAX: usize = 20_000;

/// Runs until told to stop.
pub fn run(config: Config, demo: bool) -> Result<()> {
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no async runtime")?;
    runtime.block_on(serve(config, demo))
}

async fn serve(config: Config, demo: bool) -> Result<()> {
    let started = SystemTime::now();
    let on_fatal = |error: &std::io::Error| {
        // A failed fsync may have dropped pages that it reported as written; nothing but a fresh read tells what is there.
        tracing::error!(%error, "the journal's disk failed a sync; stopping, so that a restart reads what is really there");
        crate::log::flush();
        std::process::abort();
    };
    let journal_folder = config.data.join("journal");
    let (mut journal, mut recovered) = Journal::open(&journal_folder, Options::new(Box::new(on_fatal)))?;
    // Before anything of the dead life is touched: a start that fails here leaves all of it to the next.
    let listener = listen(config.http.bind).await?;
    restart::log(&recovered);
    restart::repair_pieces(&mut recovered, &config.recordings);

    let (store, configuration) = open_store(&config, demo)
        .await
        .with_context(|| format!("cannot use the database {}", without_password(&config.store_url)))?;
    let node: NodeId = "node-1".into();
    let (site, troubles) = compose::site(&configuration, node.clone(), config.record_conversations);
    for trouble in troubles {
        tracing::error!(trouble, "left out of the running configuration");
    }

    let acknowledger = journal.acknowledger();
    let backlog = backlog(journal_folder);
    let writer = Writer::start(store.clone(), Box::new(move |c, p| acknowledger.acknowledge(c, p)), backlog);
    close_dead_calls(&mut journal, &recovered, &writer);

    let clock = Clock::start();
    let now = clock.now();
    let restored = restart::restored(&recovered, now.wall);
    let live = api::LiveHub::new(board(&store, &configuration, &config, now.wall).await?);
    for (extension, phone) in restart::phones(&restored) {
        live.phone_registered(extension, phone);
    }

    let vitals = Arc::new(Vitals::default());
    let (control, control_in) = bounded::<Control>(CONTROL_MAX);
    let (media_out, media_in) = bounded(MEDIA_EVENTS_MAX);
    let (sip_out, sip_in) = bounded(SIP_BATCHES_MAX);
    let bell = Bell::default();
    let plane = Arc::new(start_media(&config, media_out, control.clone(), &bell, &vitals)?);
    let sip = Arc::new(start_sip(&config, sip_out, bell.clone())?);

    // Grows with each start on any sane clock; both ends of the only link live in this process and agree on it.
    let epoch = u64::try_from(now.wall.0).unwrap_or(1);
    let seed = random_seed()?;
    let endpoint = sip::Config { user_agent: "Strowger".into(), ..sip::Config::new(config.sip.realm.as_str()) };
    let dispatcher_node: NodeId = "dispatcher".into();
    let dispatcher =
        Dispatcher::new(site.acd.clone(), dispatcher_node.clone(), node.clone(), epoch, seed.rotate_left(17), now);
    let mut switch = Switch::new(site, endpoint, dispatcher_node, epoch, seed, now);
    switch.handle(now, Input::Restore(Box::new(restored)));
    journal.append(&[store::journal::Entry::Configuration { revision: configuration.revision, seed }])?;
    journal.append(&restart::taken_over(&recovered))?;

    let (records, progress) = (writer.handle(), writer.progress());
    let live_facts = live.clone();
    let exchange = Exchange {
        switch,
        dispatcher,
        fold: report::Fold::new(),
        journal: Some(journal),
        clock,
        sip: Arc::clone(&sip),
        plane: Arc::clone(&plane),
        sip_in,
        media_in,
        control_in,
        bell: bell.clone(),
        archive: Box::new(move |archived| {
            records.put(match archived {
                Archived::Record(record) => Write::Record(record),
                Archived::Piece(piece) => Write::Piece(piece),
            });
        }),
        live: Box::new(move |facts| live_facts.publish(facts)),
        vitals: Arc::clone(&vitals),
        replies: BTreeMap::new(),
        next_request: 0,
        recorded: BTreeMap::new(),
    };
    let thread = std::thread::Builder::new().name("exchange".into()).spawn(move || exchange.run())?;

    let door: Arc<dyn Gateway> = Arc::new(Door { control: control.clone(), bell: bell.clone() });
    let http = listener.local_addr()?;
    let state = api::State {
        store: store.clone(),
        gateway: Arc::clone(&door),
        live: live.clone(),
        recordings_dir: config.recordings.clone(),
        realm: config.sip.realm.as_str().into(),
        timezone: config.timezone.iana_name().unwrap_or("UTC").into(),
        library: {
            let folder = config.data.join("sounds");
            Arc::new(move |language| sounds::names(&folder, language))
        },
        ready: {
            let vitals = Arc::clone(&vitals);
            Arc::new(move || vitals.not_ready())
        },
        metrics: {
            let (vitals, sip, plane) = (Arc::clone(&vitals), Arc::clone(&sip), Arc::clone(&plane));
            Arc::new(move || {
                vitals.render(&Others {
                    sip: sip.statistics(),
                    media: plane.statistics(),
                    recorder: plane.recorder_statistics(),
                    archive: progress.clone(),
                    started,
                })
            })
        },
        on_configuration_change: configuration_hook(
            store.clone(),
            Arc::clone(&door),
            live.clone(),
            node,
            config.record_conversations,
        ),
    };
    let web = api::Config { tls: config.http.tls.clone(), public_origins: config.http.public_origins.clone(), demo };
    let (stop_web, web_stopped) = oneshot::channel::<()>();
    let stopped = async move {
        let _ = web_stopped.await;
    };
    let web = tokio::spawn(api::serve(web, vec![listener], state, stopped));
    let folding = tokio::spawn({
        let live = live.clone();
        async move { live.run().await }
    });
    tokio::spawn(turn_days(live.clone(), config.timezone.clone(), clock));

    banner(&config, http, &sip, demo);
    wait_for_signal().await;
    drain(&door, &vitals).await;

    let _ = stop_web.send(());
    let (done, closed) = oneshot::channel();
    if control.send(Control::Stop(done)).is_ok() {
        bell.ring();
        let _ = tokio::time::timeout(FINISH_MAX, closed).await;
    }
    drop((plane, sip));
    let _ = thread.join();
    if !writer.finish(FINISH_MAX).await {
        tracing::warn!(
            "the database did not take the last records; they are in the journal and follow at the next start"
        );
    }
    folding.abort();
    let _ = tokio::time::timeout(FINISH_MAX, web).await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<tokio::net::TcpListener> {
    let listener = tokio::net::TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen for HTTP on {address}"))
}

async fn open_store(config: &Config, demo: bool) -> Result<(Store, store::Configuration)> {
    let store = Store::open(&config.store_url).await?;
    seed(&store, config, demo).await?;
    let configuration = store.configuration().await?;
    Ok((store, configuration))
}

/// As it may be shown on a terminal.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let rest = rest.split('?').next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((login, place)) => format!("{scheme}://{}@{place}", login.split(':').next().unwrap_or_default()),
        None => format!("{scheme}://{rest}"),
    }
}

async fn seed(store: &Store, config: &Config, demo: bool) -> Result<()> {
    let shipped = sounds::flows();
    let flows: Vec<_> = shipped.iter().map(|(name, document)| (name.as_str(), document.as_str())).collect();
    if demo {
        let realm = config.sip.realm.clone();
        let digests = move |user: &str, password: &str| store::demo::Digests {
            md5: sip::digest::ha1_md5(user, &realm, password),
            sha256: sip::digest::ha1_sha256(user, &realm, password),
        };
        let password_hash = api::hash_password("demo");
        let seeds = store::demo::Seeds { digests: &digests, password_hash: &password_hash, flows: &flows };
        store::demo::seed(store, &seeds).await?;
    } else {
        let password = api::new_token().chars().take(16).collect::<String>();
        if store::demo::seed_first_start(store, &api::hash_password(&password), &flows).await? {
            say(&format!("First start: log in as admin with password {password} and change it."));
        }
    }
    Ok(())
}

/// Each call that was open when the process died gets its one record, in the journal before the database.
fn close_dead_calls(journal: &mut Journal, recovered: &Recovered, writer: &Writer) {
    let records = recovered.close_open_calls();
    let entries: Vec<_> = records.iter().map(|r| store::journal::Entry::Record(Box::new(r.clone()))).collect();
    if let Err(error) = journal.append(&entries) {
        tracing::error!(%error, "records of dead calls not in the journal; they are made again at the next start");
    }
    let handle = writer.handle();
    for record in recovered.records.iter().cloned().chain(records) {
        handle.put(Write::Record(Box::new(record)));
    }
    for piece in &recovered.pieces {
        handle.put(Write::Piece(piece.clone()));
    }
}

fn backlog(folder: std::path::PathBuf) -> store::Backlog {
    Box::new(move || match read_unacknowledged(&folder) {
        Ok((records, pieces)) => {
            let records = records.into_iter().map(|record| Write::Record(Box::new(record)));
            records.chain(pieces.into_iter().map(Write::Piece)).collect()
        }
        Err(error) => {
            tracing::error!(%error, "journal cannot be read for records the database has not taken");
            Vec::new()
        }
    })
}

async fn board(
    store: &Store,
    configuration: &store::Configuration,
    config: &Config,
    now: Timestamp,
) -> Result<report::Board> {
    let day_start = day_start(&config.timezone, now);
    let mut board = report::Board::new(compose::names(configuration), day_start);
    let mut page = store::Page { limit: Some(store::LIST_LIMIT_MAX), ..store::Page::default() };
    let mut counted = 0;
    while counted < TODAY_RECORDS_MAX {
        let query = store::RecordQuery { page: page.clone(), from: Some(day_start), ..store::RecordQuery::default() };
        let listed = store.records(&query).await?;
        counted += listed.items.len();
        listed.items.iter().for_each(|record| board.count(record));
        match listed.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => break,
        }
    }
    Ok(board)
}

fn start_media(
    config: &Config,
    events: Sender<media::Event>,
    control: Sender<Control>,
    bell: &Bell,
    vitals: &Arc<Vitals>,
) -> Result<wire::media::Plane> {
    let folder = config.data.join("sounds");
    sounds::lay_out(&folder)?;
    let library = Arc::new(wire::media::read_library(&folder.join("prompts"), &folder.join("music"))?);
    let threads = match config.media.threads {
        // They may run at real-time priority; one core is left to the exchange and everything else. Fewer threads with
        // more streams each also wake up less often for the same packets.
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1)),
        threads => threads,
    };
    let recordings = wire::recording::RecorderConfig {
        directory: config.recordings.clone(),
        threads: 1,
        queue_chunks: RECORDING_CHUNKS_MAX,
    };
    let plane = wire::media::PlaneConfig {
        ports: config.media.ports.0..=config.media.ports.1,
        address: config.sip.udp.ip(),
        described_address: Some(described_address(config.media.address)),
        threads,
        recordings: Some(recordings),
    };
    let (vitals, rung) = (Arc::clone(vitals), bell.clone());
    let told = move |event| {
        // For traces; the exchange need not wake up for it.
        if matches!(event, media::Event::Latched { .. }) {
            return;
        }
        if events.try_send(event).is_err() {
            vitals.media_event_lost();
        }
        rung.ring();
    };
    let rung = bell.clone();
    // A piece's promise may wait: the recording goes on without it, and the writer threads have time.
    let pieces = move |report| {
        drop(control.send(Control::Piece(report)));
        rung.ring();
    };
    wire::media::Plane::start(plane, library, told, pieces)
        .with_context(|| format!("cannot start the media plane with recordings in {}", config.recordings.display()))
}

/// Where phones are told to send sound. "All addresses" is none: a phone takes 0.0.0.0 for a call on hold.
fn described_address(configured: IpAddr) -> IpAddr {
    if !configured.is_unspecified() {
        return configured;
    }
    // Addresses for documentation (RFC 5737 and 3849), which are nowhere: the answer is that of the default route.
    let (elsewhere, loopback): (IpAddr, IpAddr) = match configured {
        IpAddr::V4(_) => (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(), Ipv6Addr::LOCALHOST.into()),
    };
    let address = wire::sip::routed_source((elsewhere, 9).into()).filter(|address| !address.is_unspecified());
    match address {
        Some(address) => tracing::info!(%address, "phones are told to send sound here; [media] address names another"),
        None => tracing::warn!("no default route: sound reaches this machine only until [media] address is set"),
    }
    address.unwrap_or(loopback)
}

fn start_sip(config: &Config, inbound: Sender<wire::sip::Inbound>, bell: Bell) -> Result<wire::sip::Handle> {
    let listeners = wire::sip::Config {
        udp: Some(config.sip.udp),
        tcp: Some(config.sip.tcp),
        tls: None,
        external_address: config.sip.external_address,
        limits: wire::sip::StreamLimits::default(),
        runtime: tokio::runtime::Handle::current(),
        bell,
    };
    Ok(wire::sip::Listener::start(listeners, inbound)?)
}

fn configuration_hook(
    store: Store,
    door: Arc<dyn Gateway>,
    live: api::LiveHub,
    node: NodeId,
    record_conversations: bool,
) -> api::ConfigurationChanged {
    type Applied = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
    Arc::new(move || -> Applied {
        let (store, door, live, node) = (store.clone(), Arc::clone(&door), live.clone(), node.clone());
        Box::pin(async move {
            let configuration = store.configuration().await.map_err(|error| error.to_string())?;
            let (site, troubles) = compose::site(&configuration, node, record_conversations);
            if let Some(trouble) = troubles.into_iter().next() {
                return Err(trouble);
            }
            live.configure(compose::names(&configuration));
            match door.submit(Command::Configure(Box::new(site))).await {
                Answer::Accepted => Ok(()),
                Answer::Refused(_) | Answer::Busy => Err("the exchange is busy; save again".to_owned()),
            }
        })
    })
}

/// Midnight of the day of `now` at the site.
fn day_start(timezone: &TimeZone, now: Timestamp) -> Timestamp {
    let moment = jiff::Timestamp::from_millisecond(now.0).ok();
    let day = moment.and_then(|moment| moment.to_zoned(timezone.clone()).start_of_day().ok());
    day.map_or(now, |start| Timestamp(start.timestamp().as_millisecond()))
}

async fn turn_days(live: api::LiveHub, timezone: TimeZone, clock: Clock) {
    let mut today = day_start(&timezone, clock.now().wall);
    let mut minute = tokio::time::interval(Duration::from_secs(60));
    loop {
        minute.tick().await;
        let day = day_start(&timezone, clock.now().wall);
        if day != today {
            today = day;
            live.begin_day(day);
        }
    }
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}

/// No new calls; the present ones may finish.
async fn drain(door: &Arc<dyn Gateway>, vitals: &Vitals) {
    tracing::info!(calls = vitals.calls(), "draining; a second signal stops at once");
    vitals.drain();
    door.submit(Command::Drain).await;
    let empty = async {
        while vitals.calls() + vitals.legs() > 0 {
            tokio::time::sleep(DRAIN_LOOK).await;
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(DRAIN_MAX, empty) => {}
        () = wait_for_signal() => {}
    }
}

fn random_seed() -> Result<u64> {
    let mut seed = [0; 8];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut seed).context("no entropy")?;
    Ok(u64::from_le_bytes(seed))
}

fn banner(config: &Config, http: std::net::SocketAddr, sip: &wire::sip::Handle, demo: bool) {
    let scheme = if config.http.tls.is_some() { "https" } else { "http" };
    let udp = sip.bound(sip::Transport::Udp).map_or_else(|| "off".to_owned(), |a| a.to_string());
    say(&format!("Strowger is ready.\n  Console  {scheme}://{http}/\n  SIP      {udp} (UDP and TCP)"));
    if demo {
        // As it was called: what is printed can be typed.
        let strowger = std::env::args().next().unwrap_or_else(|| "strowger".to_owned());
        say(&format!(
            "  Demo     supervisor 1000, agents 1001-1010, administrator admin: password demo\n           \
             phones 8001-8010, passwords demo-8001 to demo-8010\n  Try      \
             {strowger} call sip:4008001000@{udp} --from 13800138000 --digits wait8,1 --tone 400"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_database_has_no_password() {
        for (url, shown) in [
            ("sqlite:/data/strowger.db", "sqlite:/data/strowger.db"),
            ("postgres://strowger:se@cret@db/strowger", "postgres://strowger@db/strowger"),
            ("mysql://strowger@db/strowger", "mysql://strowger@db/strowger"),
            ("postgres://db/strowger?password=secret", "postgres://db/strowger"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn phones_are_never_told_to_send_sound_to_all_addresses() {
        assert!(!described_address(Ipv4Addr::UNSPECIFIED.into()).is_unspecified());
        assert!(described_address(Ipv6Addr::UNSPECIFIED.into()).is_ipv6());
        let configured: IpAddr = "203.0.113.7".parse().unwrap();
        assert_eq!(described_address(configured), configured);
    }
}
