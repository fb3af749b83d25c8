//! What can be wrong with a document, by a stable code, and how it is said in each language.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vocab::NodeName;

/// Whether the document can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document cannot be used.
    Error,
    /// It can, but something is probably not meant so.
    Warning,
}

/// A language in which problems are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Something wrong with a document: where, what, and what to do about it ([`Problem::text`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The node; none when it is about the document.
    pub node: Option<NodeName>,
    /// The field within the node (or document), as `links.done` or `says[2].name`.
    pub field: String,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub code: Code,
    /// What the text speaks of, by name.
    pub params: BTreeMap<String, String>,
}

impl Problem {
    pub(crate) fn new(node: Option<NodeName>, field: impl Into<String>, code: Code, params: &[(&str, String)]) -> Self {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Problem { node, field: field.into(), severity: code.severity(), code, params }
    }

    pub(crate) fn document(field: &str, code: Code, params: &[(&str, String)]) -> Self {
        Problem::new(None, field, code, params)
    }

    /// The problem in words: node, field, what is wrong, what to do.
    pub fn text(&self, language: Language) -> String {
        let (zh, en) = self.code.texts();
        let (place, words) = match (language, &self.node) {
            (Language::Zh, Some(node)) => (format!("节点“{node}”"), zh),
            (Language::Zh, None) => ("流程".to_owned(), zh),
            (Language::En, Some(node)) => (format!("node \"{node}\""), en),
            (Language::En, None) => ("flow".to_owned(), en),
        };
        let mut words = words.to_owned();
        for (name, value) in &self.params {
            words = words.replace(&format!("{{{name}}}"), value);
        }
        match (language, self.field.is_empty()) {
            (_, true) => format!("{place}: {words}"),
            (Language::Zh, false) => format!("{place}，字段 {}: {words}", self.field),
            (Language::En, false) => format!("{place}, field {}: {words}", self.field),
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $severity:ident, $zh:literal, $en:literal;)+) => {
        /// What is wrong. The names are stable: programs match on them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code, for those who translate.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)+ }
            }

            /// In Chinese and in English, with `{param}`s.
            fn texts(self) -> (&'static str, &'static str) {
                match self { $(Code::$name => ($zh, $en),)+ }
            }
        }
    };
}

codes! {
    /// Too large to read. `bytes`, `max`.
    DocumentTooLong, Error,
        "文档有 {bytes} 字节，最多 {max}；请拆分为多个流程",
        "the document has {bytes} bytes, at most {max} are read; split it into several flows";
    /// Not JSON at all. `what`.
    NotJson, Error, "不是有效的 JSON（{what}）；请改正", "not JSON ({what}); correct it there";
    /// A field is missing, unknown or of the wrong kind. `what`.
    Unreadable, Error, "无法读取（{what}）；请对照格式说明改正", "cannot be read ({what}); correct it as the schema says";
    /// Another version of the format. `version`, `known`.
    VersionUnknown, Error,
        "格式版本 {version} 未知；请写 {known}", "format version {version} is not known; write {known}";
    /// More nodes than allowed. `count`, `max`.
    TooManyNodes, Error,
        "有 {count} 个节点，最多 {max}；请拆分为多个流程", "{count} nodes, at most {max}; split the flow";
    /// A text is too long. `bytes`, `max`.
    TextTooLong, Error, "文本有 {bytes} 字节，最多 {max}；请缩短", "the text has {bytes} bytes, at most {max}; shorten it";
    /// A name is empty, too long, or has a control character. `name`, `max`.
    NameBad, Error,
        "名称“{name}”无效；请用 1 到 {max} 个可见字符", "the name \"{name}\" will not do; use 1 to {max} visible characters";
    /// The start node does not exist. `target`.
    StartUnknown, Error,
        "起始节点“{target}”不存在；请改为已有的节点", "the start node \"{target}\" does not exist; name one that does";
    /// A link leads to a node that does not exist. `target`.
    LinkUnknown, Error,
        "连接的节点“{target}”不存在；请改为已有的节点", "leads to the node \"{target}\", which does not exist; name one that does";
    /// An outcome must be connected. `outcome`.
    LinkMissing, Error,
        "结果“{outcome}”没有连接；请连接到一个节点", "the outcome \"{outcome}\" leads nowhere; connect it with a node";
    /// The node has no such outcome. `outcome`.
    OutcomeUnknown, Error,
        "此类节点没有结果“{outcome}”；请删除该连接", "a node of this type has no outcome \"{outcome}\"; remove the link";
    /// No way leads to the node.
    Unreachable, Warning, "没有任何路径到达此节点；请连接或删除", "no way leads here; connect it or remove it";
    /// The caller cannot hear it yet.
    BeforeAnswer, Error,
        "到达此节点时来电可能尚未应答；请在之前放置应答节点", "can be reached before the call is answered; put an answer node before it";
    /// A ring of nodes none of which takes time. `ring`.
    RingWithoutWait, Error,
        "循环 {ring} 中没有任何等待；请在其中加入播放或菜单节点",
        "the ring {ring} never waits; put a node that plays or asks into it";
    /// A prompt the site does not have. `name`.
    PromptUnknown, Error, "提示音“{name}”不存在；请上传或改名", "there is no prompt \"{name}\"; upload it or name another";
    /// Music the site does not have. `name`.
    MusicUnknown, Error, "音乐“{name}”不存在；请上传或改名", "there is no music \"{name}\"; upload it or name another";
    /// A queue the site does not have. `name`.
    QueueUnknown, Error, "技能组“{name}”不存在；请建立或改名", "there is no queue \"{name}\"; create it or name another";
    /// An extension the site does not have. `name`.
    ExtensionUnknown, Error,
        "分机“{name}”不存在；请建立或改号", "there is no extension \"{name}\"; create it or name another";
    /// Not a key of a telephone. `key`.
    KeyInvalid, Error, "“{key}”不是电话按键；请用 0–9、* 或 #", "\"{key}\" is no telephone key; use 0-9, * or #";
    /// A menu without a key to press.
    NoKeys, Error, "菜单没有任何按键；请为至少一个按键添加连接", "the menu offers no key; add a link for at least one";
    /// Nothing to say.
    NothingSaid, Error, "没有要播放的内容；请添加提示音", "there is nothing to say; add a prompt";
    /// A number outside its range. `value`, `min`, `max`.
    OutOfRange, Error, "{value} 超出范围；请用 {min} 到 {max}", "{value} is out of range; use {min} to {max}";
    /// Digits that cannot be said. `digits`.
    DigitsInvalid, Error, "“{digits}”不能逐位播报；请只用 0–9、* 和 #", "\"{digits}\" cannot be said; use only 0-9, * and #";
    /// Music that never ends would hold the call for ever.
    MusicNeverEnds, Error,
        "此处的音乐会结束不了；请改用提示音，或放入转人工节点的 music 字段",
        "music does not end here; use a prompt, or the field music of a queue node";
}
