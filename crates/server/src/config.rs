//! The configuration file: TOML, each key overridable as `STROWGER_<SECTION>_<KEY>`, checked before anything starts.

use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

/// Everything a node is told from outside.
#[derive(Clone, Debug)]
pub struct Config {
    /// HTTP: console, API, facts, metrics.
    pub http: Http,
    /// SIP listeners.
    pub sip: Sip,
    /// Sound.
    pub media: Media,
    /// The database.
    pub store_url: String,
    /// Folder of recordings.
    pub recordings: PathBuf,
    /// Record every conversation with an agent.
    pub record_conversations: bool,
    /// Folder of journal, embedded database, keys.
    pub data: PathBuf,
    /// The site's time zone: where its day begins, and what screens show. Times are stored in UTC.
    pub timezone: TimeZone,
}

/// `[http]`
#[derive(Clone, Debug)]
pub struct Http {
    /// Where to listen.
    pub bind: SocketAddr,
    /// Certificate and key for HTTPS, read and found to belong together.
    pub tls: Option<api::Tls>,
    /// Under which addresses browsers come through a proxy.
    pub public_origins: Vec<String>,
}

/// `[sip]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sip {
    /// Datagrams.
    pub udp: SocketAddr,
    /// Streams.
    pub tcp: SocketAddr,
    /// Our address as phones and carriers see it, when it is not the bound one.
    pub external_address: Option<IpAddr>,
    /// Digest realm.
    pub realm: String,
}

/// `[media]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// First and last port.
    pub ports: (u16, u16),
    /// Address put into session descriptions.
    pub address: IpAddr,
    /// Media threads; 0 is one per core but one.
    pub threads: usize,
}

/// A mistake in the configuration, with what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// `FILE:LINE` or the environment variable.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    remedy: {}", self.place, self.what, self.remedy)
    }
}

/// Every key there is: section, key, default (`{data}` is the data folder), what it takes.
const KEYS: &[(&str, &str, &str, &str)] = &[
    ("http", "bind", "127.0.0.1:8080", "ADDRESS:PORT, for example 0.0.0.0:8080"),
    ("http", "tls_cert", "", "the path of a PEM file: our certificate, then those up to its issuer"),
    ("http", "tls_key", "", "the path of a PEM file that we may read: the private key of tls_cert, not encrypted"),
    ("http", "public_origins", "", "SCHEME://HOST[:PORT] as browsers show it, several with commas between"),
    ("sip", "udp", "0.0.0.0:5060", "ADDRESS:PORT, for example 0.0.0.0:5060"),
    ("sip", "tcp", "0.0.0.0:5060", "ADDRESS:PORT, for example 0.0.0.0:5060"),
    ("sip", "external_address", "", "the IP address that phones and carriers reach this machine by"),
    ("sip", "realm", "strowger", "a word; phones' passwords are hashed with it, so changing it voids them"),
    ("media", "ports", "16384-32767", "FIRST-LAST, for example 16384-32767"),
    ("media", "address", "", "the IP address that phones send sound to; default: that of [sip]"),
    ("media", "threads", "0", "a number; 0 is one per core but one"),
    ("store", "url", "sqlite:{data}/strowger.db", "sqlite:FILE, postgres://USER@HOST/NAME or mysql://USER@HOST/NAME"),
    ("recordings", "path", "{data}/recordings", "a folder"),
    ("recordings", "conversations", "true", "true or false"),
    ("site", "timezone", "Asia/Shanghai", "an IANA time zone, for example Asia/Shanghai"),
];

/// Largest configuration file that is read; ours have a dozen lines.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A value with the place it came from.
type Values = BTreeMap<(String, String), (String, String)>;

/// The demo site has passwords that everybody knows, so it listens on loopback only.
const DEMO: &[(&str, &str, &str)] = &[("sip", "udp", "127.0.0.1:5060"), ("sip", "tcp", "127.0.0.1:5060")];

/// Reads file and environment. All mistakes are found in one go.
pub fn load(
    file: Option<&Path>,
    data: &Path,
    demo: bool,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Config, Vec<Mistake>> {
    let mut values = Values::new();
    for (section, key, default, _) in KEYS {
        let value = default.replace("{data}", &data.display().to_string());
        values.insert(((*section).into(), (*key).into()), (value, "default".into()));
    }
    for (section, key, value) in DEMO.iter().filter(|_| demo) {
        values.insert(((*section).into(), (*key).into()), ((*value).into(), "demo default".into()));
    }
    let mut mistakes = Vec::new();
    if let Some(file) = file {
        read_file(file, &mut values, &mut mistakes);
    }
    read_environment(environment, &mut values, &mut mistakes);
    let config = build(&values, data, demo, &mut mistakes);
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

fn read_file(file: &Path, values: &mut Values, mistakes: &mut Vec<Mistake>) {
    let shown = file.display().to_string();
    let mut mistake =
        |place: String, what: String, remedy: &str| mistakes.push(Mistake { place, what, remedy: remedy.into() });
    let size = std::fs::metadata(file).map(|m| m.len());
    if size.as_ref().is_ok_and(|s| *s > FILE_BYTES_MAX) {
        return mistake(shown, "is larger than 1 MiB".into(), "name the configuration file, not another one");
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            return mistake(shown, format!("cannot be read: {error}"), "check the path and its permissions");
        }
    };
    let document: toml::Table = match toml::from_str(&text) {
        Ok(document) => document,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(&text, span.start));
            return mistake(
                format!("{shown}:{line}"),
                error.message().to_owned(),
                "write TOML: [section], then key = \"value\"",
            );
        }
    };
    for (section, table) in document {
        let section_place = format!("{shown}:{}", find_line(&text, &format!("[{section}]")));
        let Some(table) = table.as_table() else {
            mistake(section_place, format!("{section} stands outside a section"), &sections());
            continue;
        };
        if !KEYS.iter().any(|(s, ..)| *s == section) {
            mistake(section_place, format!("[{section}] is unknown"), &sections());
            continue;
        }
        for (key, value) in table {
            let place = format!("{shown}:{}", find_key_line(&text, &section, key));
            let value = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                _ => {
                    mistake(place, format!("{key} is neither text nor a number"), "write key = \"value\"");
                    continue;
                }
            };
            match values.get_mut(&(section.clone(), key.clone())) {
                Some(slot) => *slot = (value, place),
                None => mistake(place, format!("[{section}] has no key {key}"), &keys_of(&section)),
            }
        }
    }
}

fn read_environment(
    environment: impl Iterator<Item = (String, String)>,
    values: &mut Values,
    mistakes: &mut Vec<Mistake>,
) {
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix("STROWGER_") else { continue };
        let rest = rest.to_ascii_lowercase();
        let known = KEYS.iter().find(|(section, key, ..)| format!("{section}_{key}") == rest);
        match known {
            Some((section, key, ..)) => {
                values.insert(((*section).into(), (*key).into()), (value, name));
            }
            None => mistakes.push(Mistake {
                place: name,
                what: "names no setting".into(),
                remedy: "STROWGER_<SECTION>_<KEY>, for example STROWGER_HTTP_BIND".into(),
            }),
        }
    }
}

fn build(values: &Values, data: &Path, demo: bool, mistakes: &mut Vec<Mistake>) -> Config {
    let mut reader = Reader { values, mistakes, demo };
    let udp = reader.listener("sip", "udp");
    let external_address: Option<IpAddr> = reader.optional("sip", "external_address");
    let own = external_address.unwrap_or(udp.ip());
    Config {
        http: Http {
            bind: reader.listener("http", "bind"),
            tls: reader.tls(),
            public_origins: reader.public_origins(),
        },
        sip: Sip { udp, tcp: reader.listener("sip", "tcp"), external_address, realm: reader.text("sip", "realm") },
        media: Media {
            ports: reader.ports(),
            address: reader.optional("media", "address").unwrap_or(own),
            threads: reader.number("media", "threads"),
        },
        store_url: reader.store_url(),
        recordings: reader.text("recordings", "path").into(),
        record_conversations: reader.flag("recordings", "conversations"),
        data: data.to_path_buf(),
        timezone: reader.timezone(),
    }
}

struct Reader<'a> {
    values: &'a Values,
    mistakes: &'a mut Vec<Mistake>,
    demo: bool,
}

impl Reader<'_> {
    fn value(&self, section: &str, key: &str) -> (String, String) {
        self.values.get(&(section.to_owned(), key.to_owned())).cloned().unwrap_or_default()
    }

    fn text(&self, section: &str, key: &str) -> String {
        self.value(section, key).0
    }

    fn mistake(&mut self, section: &str, key: &str, what: String) {
        let place = self.value(section, key).1;
        self.mistakes.push(Mistake { place, what, remedy: takes(section, key) });
    }

    fn listener(&mut self, section: &str, key: &str) -> SocketAddr {
        let (value, place) = self.value(section, key);
        let address: SocketAddr = value.parse().unwrap_or_else(|_| {
            self.mistake(section, key, format!("\"{value}\" is not an address with a port"));
            SocketAddr::from(([127, 0, 0, 1], 0))
        });
        if self.demo && !address.ip().is_loopback() {
            self.mistakes.push(Mistake {
                place,
                what: format!("the demo site's passwords are known to everybody, so it may not listen on {address}"),
                remedy: format!("{key} = \"127.0.0.1:{}\", or start without --demo", address.port()),
            });
        }
        address
    }

    fn tls(&mut self) -> Option<api::Tls> {
        let (cert, key) = (self.text("http", "tls_cert"), self.text("http", "tls_key"));
        match (cert.is_empty(), key.is_empty()) {
            (true, true) => return None,
            (false, false) => {}
            (false, true) => return self.half_a_certificate("tls_cert", "tls_key"),
            (true, false) => return self.half_a_certificate("tls_key", "tls_cert"),
        }
        let error = match api::Tls::load(Path::new(&cert), Path::new(&key)) {
            Ok(tls) => return Some(tls),
            Err(error) => error,
        };
        let blamed = match error {
            api::TlsError::Certificate { .. } => "tls_cert",
            api::TlsError::Key { .. } | api::TlsError::Pair { .. } => "tls_key",
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        self.mistake("http", blamed, format!("{error}{cause}"));
        None
    }

    fn half_a_certificate(&mut self, present: &str, missing: &str) -> Option<api::Tls> {
        let place = self.value("http", present).1;
        let what = format!("HTTPS needs {missing} beside {present}");
        self.mistakes.push(Mistake { place, what, remedy: takes("http", missing) });
        None
    }

    fn public_origins(&mut self) -> Vec<String> {
        let (value, _) = self.value("http", "public_origins");
        let origins = value.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origins: Vec<String> = origins.map(str::to_owned).collect();
        for origin in &origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['/', '@', ' '])) {
                self.mistake("http", "public_origins", format!("\"{origin}\" is not what a browser calls an origin"));
            }
        }
        origins
    }

    fn optional(&mut self, section: &str, key: &str) -> Option<IpAddr> {
        let (value, _) = self.value(section, key);
        if value.is_empty() {
            return None;
        }
        let parsed = value.parse().ok();
        if parsed.is_none() {
            self.mistake(section, key, format!("\"{value}\" is not an IP address"));
        }
        parsed
    }

    fn number(&mut self, section: &str, key: &str) -> usize {
        let (value, _) = self.value(section, key);
        value.parse().unwrap_or_else(|_| {
            self.mistake(section, key, format!("\"{value}\" is not a number"));
            0
        })
    }

    fn flag(&mut self, section: &str, key: &str) -> bool {
        let (value, _) = self.value(section, key);
        value.parse().unwrap_or_else(|_| {
            self.mistake(section, key, format!("\"{value}\" is neither true nor false"));
            true
        })
    }

    fn ports(&mut self) -> (u16, u16) {
        let (value, _) = self.value("media", "ports");
        let range = value.split_once('-').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
        match range {
            Some((first, last)) if first >= 1024 && last > first => (first, last),
            _ => {
                self.mistake("media", "ports", format!("\"{value}\" is not a range of ports above 1023"));
                (16384, 32767)
            }
        }
    }

    fn timezone(&mut self) -> TimeZone {
        let (value, _) = self.value("site", "timezone");
        // One without a name could not be told to a browser.
        let zone = TimeZone::get(&value).ok().filter(|zone| zone.iana_name().is_some());
        zone.unwrap_or_else(|| {
            self.mistake("site", "timezone", format!("\"{value}\" is no time zone"));
            TimeZone::UTC
        })
    }

    fn store_url(&mut self) -> String {
        let (value, _) = self.value("store", "url");
        if !["sqlite:", "postgres:", "postgresql:", "mysql:"].iter().any(|scheme| value.starts_with(scheme)) {
            self.mistake("store", "url", "the database is neither sqlite:, postgres: nor mysql:".into());
        }
        value
    }
}

fn takes(section: &str, key: &str) -> String {
    let what = KEYS.iter().find(|(s, k, ..)| *s == section && *k == key).map_or("", |(.., takes)| takes);
    format!("{key} takes {what}")
}

fn sections() -> String {
    let mut names: Vec<_> = KEYS.iter().map(|(section, ..)| format!("[{section}]")).collect();
    names.dedup();
    format!("the sections are {}", names.join(" "))
}

fn keys_of(section: &str) -> String {
    let names: Vec<_> = KEYS.iter().filter(|(s, ..)| *s == section).map(|(_, key, ..)| *key).collect();
    format!("[{section}] has {}", names.join(", "))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).lines().count().max(1)
}

fn find_line(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.trim().starts_with(needle)).map_or(1, |at| at + 1)
}

fn find_key_line(text: &str, section: &str, key: &str) -> usize {
    let start = find_line(text, &format!("[{section}]"));
    let after = text
        .lines()
        .skip(start)
        .position(|line| line.trim().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')));
    after.map_or(start, |at| start + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<Mistake>> {
        let folder = std::env::temp_dir().join(format!("strowger-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        static FILES: AtomicU32 = AtomicU32::new(0);
        let file = folder.join(format!("{}.toml", FILES.fetch_add(1, Ordering::Relaxed)));
        std::fs::write(&file, text).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load(Some(&file), Path::new("/data"), false, environment)
    }

    /// Where the first mistake is, and everything said about it.
    fn first_mistake(loaded: Result<Config, Vec<Mistake>>) -> (String, String) {
        let mistake = loaded.unwrap_err().remove(0);
        (mistake.place.clone(), mistake.to_string())
    }

    #[test]
    fn nothing_at_all_is_a_working_site() {
        let config = load(None, Path::new("/data"), false, std::iter::empty()).unwrap();
        assert_eq!(config.store_url, "sqlite:/data/strowger.db");
        assert_eq!(config.media.ports, (16384, 32767));
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let config = load_text("[http]\nbind = \"0.0.0.0:80\"\n", &[("STROWGER_HTTP_BIND", "127.0.0.1:9000")]).unwrap();
        assert_eq!(config.http.bind, "127.0.0.1:9000".parse().unwrap());
    }

    #[test]
    fn a_mistake_is_named_by_file_line_and_remedy() {
        for (text, line, remedy) in [
            ("[http]\nbind = \"eighty\"\n", ":2", "ADDRESS:PORT"),
            ("\n[sip]\nupd = \"0.0.0.0:5060\"\n", ":3", "[sip] has udp"),
            ("[htp]\nbind = \"127.0.0.1:80\"\n", ":1", "the sections are"),
            ("[media]\nports = \"9-3\"\n# \n", ":2", "FIRST-LAST"),
            ("[site]\ntimezone = \"Asia/Shanghia\"\n", ":2", "IANA time zone"),
            ("[site]\n\ntimezone = \"Etc/Unknown\"\n", ":3", "IANA time zone"),
            ("[http\n", ":1", "write TOML"),
            ("[site]\n\ntimezone = \"Asia/Peking\"\n", ":3", "IANA time zone"),
        ] {
            let mistakes = load_text(text, &[]).unwrap_err();
            assert!(mistakes[0].place.ends_with(line), "{text}: {mistakes:?}");
            assert!(mistakes[0].remedy.contains(remedy), "{text}: {mistakes:?}");
        }
        let mistakes = load(None, Path::new("/"), false, [("STROWGER_HTP_BIND".into(), "x".into())].into_iter());
        assert_eq!(mistakes.unwrap_err()[0].place, "STROWGER_HTP_BIND");
    }

    #[test]
    fn a_time_zone_is_told_by_its_proper_name() {
        let config = load_text("[site]\ntimezone = \"asia/urumqi\"\n", &[]).unwrap();
        assert_eq!(config.timezone.iana_name(), Some("Asia/Urumqi"));
    }

    #[test]
    fn half_a_certificate_is_a_mistake_at_the_half_that_is_there() {
        for (half, other) in [("tls_cert", "tls_key"), ("tls_key", "tls_cert")] {
            let (place, text) = first_mistake(load_text(&format!("[http]\n# {half}\n{half} = \"a.pem\"\n"), &[]));
            assert!(place.ends_with(":3") && text.contains(&format!("needs {other}")), "{text}");
        }
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_named_with_its_key() {
        let environment = [("STROWGER_HTTP_TLS_CERT", "/nowhere/cert.pem"), ("STROWGER_HTTP_TLS_KEY", "/nowhere/key")];
        let (place, text) = first_mistake(load_text("", &environment));
        assert_eq!(place, "STROWGER_HTTP_TLS_CERT");
        assert!(text.contains("/nowhere/cert.pem") && text.contains("tls_cert takes"), "{text}");
    }

    #[test]
    fn origins_are_schemes_with_hosts() {
        let load = |value: &str| load_text(&format!("[http]\npublic_origins = \"{value}\"\n"), &[]);
        let origins = load("https://calls.example.com, http://10.0.0.5:8080").unwrap().http.public_origins;
        assert_eq!(origins, ["https://calls.example.com", "http://10.0.0.5:8080"]);
        for wrong in ["calls.example.com", "https://", "https://calls.example.com/console"] {
            assert!(first_mistake(load(wrong)).1.contains("public_origins takes"), "{wrong}");
        }
    }

    #[test]
    fn the_demo_listens_on_loopback_only() {
        let demo = |name: &str, value: &str| {
            load(None, Path::new("/data"), true, [(name.to_owned(), value.to_owned())].into_iter())
        };
        assert!(demo("STROWGER_HTTP_BIND", "[::1]:8080").is_ok());
        for name in ["STROWGER_HTTP_BIND", "STROWGER_SIP_UDP", "STROWGER_SIP_TCP"] {
            let (place, text) = first_mistake(demo(name, "0.0.0.0:8080"));
            assert!(place == name && text.contains("without --demo"), "{text}");
        }
    }
}
