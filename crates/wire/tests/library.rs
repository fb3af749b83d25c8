//! The sounds in the repository can be played, and every number can be said in both languages.

use media::{Codec, numbers};
use std::{path::Path, time::Instant};
use wire::media::read_library;

#[test]
fn the_prompts_of_the_repository_say_every_number() {
    let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows");
    let started = Instant::now();
    let library = read_library(&flows.join("prompts"), &flows.join("music")).expect("the sounds can be read");
    let took = started.elapsed();
    for language in ["zh", "en"] {
        for value in (0..10_000).step_by(7) {
            let digits = numbers::digits(&value.to_string(), language);
            for name in numbers::number(value, language).iter().chain(&digits) {
                let take = library.prompt(name, language).unwrap_or_else(|| panic!("{name} is missing"));
                assert_eq!(&**take.language(), language, "{name} is there in another language only");
            }
        }
    }
    let calm = library.music("calm").expect("music on hold");
    assert!(calm.len() > 10 * 8_000 && calm.encoded(Codec::Pcma).len() == calm.len());
    assert!(took.as_secs() < 30, "reading took {took:?}");
}
