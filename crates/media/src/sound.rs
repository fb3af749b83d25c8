//! Sounds that can be played: takes of prompts by name and language, and music by name. Values; where they come from
//! and when they change is the caller's business.

use crate::{
    boundary::Codec,
    g711::{linear_to_pcma, linear_to_pcmu},
};
use std::{collections::BTreeMap, sync::Arc};

/// One take of a prompt, or a piece of music: mono at 8 kHz, encoded once so that playing it is copying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    name: Arc<str>,
    language: Arc<str>,
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
}

impl Audio {
    /// Takes linear samples at 8 kHz. The language ("zh", "en") is empty for music.
    pub fn new(name: impl Into<Arc<str>>, language: impl Into<Arc<str>>, samples: &[i16]) -> Self {
        Audio {
            name: name.into(),
            language: language.into(),
            pcmu: samples.iter().map(|sample| linear_to_pcmu(*sample)).collect(),
            pcma: samples.iter().map(|sample| linear_to_pcma(*sample)).collect(),
        }
    }

    /// What it says, as flows name it.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// In which language.
    pub fn language(&self) -> &Arc<str> {
        &self.language
    }

    /// Its samples in a codec.
    pub fn encoded(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcmu => &self.pcmu,
            Codec::Pcma => &self.pcma,
        }
    }

    /// Its length in samples.
    pub fn len(&self) -> usize {
        self.pcmu.len()
    }

    /// Whether there is nothing to hear.
    pub fn is_empty(&self) -> bool {
        self.pcmu.is_empty()
    }
}

/// All sounds of a site. Cheap to share; a change makes a new one.
#[derive(Clone, Debug, Default)]
pub struct Library {
    prompts: BTreeMap<Arc<str>, Vec<Arc<Audio>>>,
    music: BTreeMap<Arc<str>, Arc<Audio>>,
}

impl Library {
    /// Adds a take of a prompt; the same name and language replaces the one before.
    pub fn add_prompt(&mut self, audio: Audio) {
        let takes = self.prompts.entry(audio.name.clone()).or_default();
        takes.retain(|take| take.language != audio.language);
        takes.push(Arc::new(audio));
    }

    /// Adds music; the same name replaces the one before.
    pub fn add_music(&mut self, audio: Audio) {
        self.music.insert(audio.name.clone(), Arc::new(audio));
    }

    /// The take in this language, or in any other when that one is missing.
    pub fn prompt(&self, name: &str, language: &str) -> Option<&Arc<Audio>> {
        let takes = self.prompts.get(name)?;
        takes.iter().find(|take| &*take.language == language).or_else(|| takes.first())
    }

    /// Music by name.
    pub fn music(&self, name: &str) -> Option<&Arc<Audio>> {
        self.music.get(name)
    }

    /// Names and languages of all takes, in order of name.
    pub fn prompts(&self) -> impl Iterator<Item = &Arc<Audio>> {
        self.prompts.values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_take_falls_back_to_the_other_language() {
        let mut library = Library::default();
        library.add_prompt(Audio::new("welcome", "zh", &[1, 2]));
        library.add_prompt(Audio::new("welcome", "en", &[1, 2, 3]));
        library.add_prompt(Audio::new("bye", "en", &[1]));
        assert_eq!(library.prompt("welcome", "en").unwrap().len(), 3);
        assert_eq!(&**library.prompt("bye", "zh").unwrap().language(), "en");
        assert!(library.prompt("none", "zh").is_none());
        library.add_prompt(Audio::new("welcome", "en", &[1]));
        assert_eq!(library.prompt("welcome", "en").unwrap().len(), 1);
        assert_eq!(library.prompts().count(), 3);
    }
}
