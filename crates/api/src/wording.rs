//! The words of every refusal, in Chinese and English. Knows nothing of requests.

use acd::AgentRefusal;
use axum::http::{HeaderMap, StatusCode, header};
use switch::Refusal;

/// Languages the interface speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English, also for readers of neither.
    English,
}

impl Language {
    /// The first of our languages in `Accept-Language` by its quality, else English.
    pub fn asked_by(headers: &HeaderMap) -> Language {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (Language::English, 0.0_f32);
        for entry in asked.split(',') {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
            let language = match tag.split('-').next() {
                Some("zh") => Language::Chinese,
                Some("en") => Language::English,
                _ => continue,
            };
            if quality > best.1 {
                best = (language, quality);
            }
        }
        best.0
    }

    /// The one of two wordings that is in this language.
    pub fn pick<T>(self, chinese: T, english: T) -> T {
        match self {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    /// As in `Content-Language`.
    pub fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No session, or one that is over.
    Unauthenticated,
    /// Wrong password or unknown user; never said which.
    WrongLogin,
    /// Too many failures.
    Locked,
    /// A browser's request from another site.
    Origin,
    /// Plain HTTP where TLS is spoken.
    PlainHttp,
    /// The role has no right to it.
    Forbidden,
    /// No such noun.
    NotFound,
    /// The noun does not do that.
    MethodNotAllowed,
    /// Understood, and wrong in some fields.
    Invalid,
    /// Not JSON, or not of the right shape.
    Malformed,
    /// A bad query parameter or list cursor.
    BadQuery,
    /// Longer than the limit.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The noun is referred to by another.
    InUse,
    /// No such part of the sound.
    RangeNotSatisfiable,
    /// The sound is not on this machine's disk, or not readable.
    SoundMissing,
    /// The exchange, or the password check, has too much to do.
    Busy,
    /// The store failed.
    StoreUnavailable,
    /// Stored, but the exchange did not take the new configuration.
    NotApplied,
    /// The exchange said no.
    Exchange(Refusal),
}

impl Code {
    /// HTTP status of the kind.
    pub fn status(self) -> StatusCode {
        words(self).status
    }
}

/// A kind's words.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// HTTP status.
    pub status: StatusCode,
    /// As one word for programs.
    pub code: &'static str,
    /// In a few words.
    pub title_zh: &'static str,
    /// In a few words.
    pub title_en: &'static str,
    /// What to do about it.
    pub detail_zh: &'static str,
    /// What to do about it.
    pub detail_en: &'static str,
}

const fn say(status: StatusCode, code: &'static str, zh: [&'static str; 2], en: [&'static str; 2]) -> Words {
    Words { status, code, title_zh: zh[0], title_en: en[0], detail_zh: zh[1], detail_en: en[1] }
}

/// The words of a kind.
#[rustfmt::skip]
pub fn words(code: Code) -> Words {
    use StatusCode as S;
    match code {
        Code::Unauthenticated => say(S::UNAUTHORIZED, "unauthenticated", ["未登录", "请登录后重试。"],
            ["Not logged in", "Log in and try again."]),
        Code::WrongLogin => say(S::UNAUTHORIZED, "wrong_login", ["用户名或密码错误", "请检查用户名和密码。"],
            ["Wrong user name or password", "Check the user name and the password."]),
        Code::Locked => say(S::TOO_MANY_REQUESTS, "locked", ["登录已暂时锁定", "失败次数过多，请稍后再试，或联系管理员重置密码。"],
            ["Log-in is locked for now", "Too many failures: wait, or ask an administrator to reset the password."]),
        Code::Origin => say(S::FORBIDDEN, "origin", ["请求来源不被允许", "该请求来自其他网站；程序请使用 Bearer 令牌。"],
            ["Request from another origin", "The request came from another site. Programs use a bearer token."]),
        Code::PlainHttp => say(S::BAD_REQUEST, "plain_http", ["此端口使用 HTTPS", "请使用以 https:// 开头的地址。"],
            ["This port speaks HTTPS", "Use the same address with https://."]),
        Code::Forbidden => say(S::FORBIDDEN, "forbidden", ["没有权限", "您的角色无权执行此操作。"],
            ["No right to do this", "Your roles do not allow this."]),
        Code::NotFound => say(S::NOT_FOUND, "not_found", ["未找到", "该对象不存在或已被删除。"],
            ["Not found", "It does not exist, or was deleted."]),
        Code::MethodNotAllowed => say(S::METHOD_NOT_ALLOWED, "method_not_allowed", ["不支持的操作", "该地址不支持此方法。"],
            ["Method not allowed", "This address does not take this method."]),
        Code::Invalid => say(S::UNPROCESSABLE_ENTITY, "invalid", ["内容有误", "请改正所列字段后重试。"],
            ["Some fields are wrong", "Correct the fields listed and try again."]),
        Code::Malformed => say(S::BAD_REQUEST, "malformed", ["无法理解请求内容", "请求体必须是符合接口文档的 JSON。"],
            ["The body is not understood", "The body must be JSON as the interface document describes it."]),
        Code::BadQuery => say(S::BAD_REQUEST, "bad_query", ["查询参数有误", "请检查查询参数或从头翻页。"],
            ["Bad query parameter", "Check the query parameters, or start the list anew."]),
        Code::TooLarge => say(S::PAYLOAD_TOO_LARGE, "too_large", ["请求过大", "请求体超过上限。"],
            ["Too large", "The body is longer than the limit."]),
        Code::TooSlow => say(S::REQUEST_TIMEOUT, "too_slow", ["请求过慢", "请求体未能及时到达。"],
            ["Too slow", "The body did not arrive in time."]),
        Code::InUse => say(S::CONFLICT, "in_use", ["正在使用", "其他对象仍在引用它，请先修改引用。"],
            ["In use", "Other objects still refer to it; change them first."]),
        Code::RangeNotSatisfiable => say(S::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", ["范围无效", "请求的范围超出录音长度。"],
            ["No such range", "The range asked for lies outside the recording."]),
        Code::SoundMissing => say(S::NOT_FOUND, "sound_missing", ["录音文件缺失", "录音登记存在，但文件不在本机或无法读取。"],
            ["The sound is missing", "The recording is listed, but its files are not here or cannot be read."]),
        Code::Busy => say(S::SERVICE_UNAVAILABLE, "busy", ["系统繁忙", "请稍后重试。"],
            ["Busy", "Try again in a moment."]),
        Code::StoreUnavailable => say(S::SERVICE_UNAVAILABLE, "store_unavailable", ["数据库暂不可用", "通话不受影响，请稍后重试。"],
            ["The database is not available", "Calls go on; try again in a moment."]),
        Code::NotApplied => say(S::SERVICE_UNAVAILABLE, "not_applied", ["已保存但尚未生效", "交换机未接受新配置，请重新保存。"],
            ["Stored, not yet in effect", "The exchange did not take the new configuration; save again."]),
        Code::Exchange(refusal) => exchange_words(refusal),
    }
}

#[rustfmt::skip]
fn exchange_words(refusal: Refusal) -> Words {
    const CONFLICT: StatusCode = StatusCode::CONFLICT;
    match refusal {
        Refusal::NothingRinging => say(CONFLICT, "nothing_ringing", ["没有振铃的来电", "来电可能已被应答或已挂断。"],
            ["Nothing is ringing", "The call may have been answered elsewhere, or is gone."]),
        Refusal::NoCall => say(CONFLICT, "no_call", ["没有通话", "该座席当前没有通话。"],
            ["No call", "The agent has no call."]),
        Refusal::UnknownCall => say(StatusCode::NOT_FOUND, "unknown_call", ["没有该通话", "通话可能已经结束。"],
            ["No such call", "The call may be over."]),
        Refusal::PhoneCannotAnswer => say(CONFLICT, "phone_cannot_answer", ["话机不支持远程应答", "请在话机上应答。"],
            ["The phone cannot be told to answer", "Answer on the phone itself."]),
        Refusal::Agent(refusal) => agent_words(refusal),
    }
}

#[rustfmt::skip]
fn agent_words(refusal: AgentRefusal) -> Words {
    const CONFLICT: StatusCode = StatusCode::CONFLICT;
    match refusal {
        AgentRefusal::UnknownAgent => say(CONFLICT, "unknown_agent", ["没有该座席", "请检查工号。"],
            ["No such agent", "Check the agent number."]),
        AgentRefusal::QueueNotAllowed => say(CONFLICT, "queue_not_allowed", ["技能组不可用", "技能组不存在或未分配给该座席。"],
            ["Queue not allowed", "The queue is unknown, or not one of the agent's."]),
        AgentRefusal::NotLoggedIn => say(CONFLICT, "not_logged_in", ["座席未签入", "请先签入。"],
            ["The agent is not logged in", "Log the agent in first."]),
        AgentRefusal::LoggedInElsewhere => say(CONFLICT, "logged_in_elsewhere", ["已在其他分机签入", "请先从原分机签出。"],
            ["Logged in at another extension", "Log out there first."]),
        AgentRefusal::ExtensionTaken => say(CONFLICT, "extension_taken", ["分机已被占用", "另一座席已在此分机签入。"],
            ["The extension is taken", "Another agent is logged in at it."]),
        AgentRefusal::NoWrapUp => say(CONFLICT, "no_wrap_up", ["没有话后处理", "当前不在话后处理状态。"],
            ["No wrap-up", "There is no wrap-up to finish."]),
        AgentRefusal::NothingPending => say(CONFLICT, "nothing_pending", ["没有后续状态", "没有可取消的后续状态。"],
            ["Nothing pending", "There is no pending state to withdraw."]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_language_with_the_highest_quality_is_spoken() {
        for (asked, spoken) in [
            ("", Language::English),
            ("zh-CN,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("en;q=0.3, zh-Hans;q=0.7", Language::Chinese),
            ("fr, de;q=0.5", Language::English),
            ("zh;q=0", Language::English),
            ("zh;q=x", Language::Chinese),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(asked));
            assert_eq!(Language::asked_by(&headers), spoken, "{asked}");
        }
    }
}
