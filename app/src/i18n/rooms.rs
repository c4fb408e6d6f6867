//! Texts of the page of live rooms for those who run the platform.

use consilium_protocol::page::Locale;

use super::terms::pick;

super::texts! {
    /// The live rooms.
    pub struct RoomsTexts {
        title: "会诊室运行", "Live rooms";
        lead: "只有数字，没有患者资料。每 5 秒自动更新；累计值自服务启动起算。", "Numbers only, no patient data. Read again every 5 seconds; totals are since the server started.";
        as_of: "{} 的数据", "As of {}";
        silent: "没有更新，仍是 {} 的数据。请检查网络或服务。", "Not refreshed; still as of {}. Check the network or the server.";
        now: "总览", "Overview";
        what: "项目", "What";
        value: "数值", "Value";
        rooms: "内存中的会诊室", "Rooms in memory";
        connections: "连接", "Connections";
        read_only: "只读的会诊室", "Rooms that are read-only";
        queue: "最长的发送队列", "Fullest queue";
        changes: "已保存的修改", "Changes stored";
        log: "日志增长", "Log written";
        times: "用时", "Times";
        step: "步骤", "Step";
        count: "次数", "Count";
        apply: "校验并写入文档", "Judge and apply";
        commit: "写入存储", "Commit to the store";
        broadcast: "发给其他人", "Broadcast";
        beyond: "超过 5 秒", "over 5 s";
        refused: "拒绝", "Refused";
        resyncs: "重新同步", "Resyncs";
        reason: "原因", "Reason";
        number: "会诊", "Consultation";
        kind: "文档", "Document";
        shared: "共用", "shared";
        private: "个人", "private";
        seq: "最新序号", "Newest change";
        document: "大小", "Size";
        unwritten: "待保存", "Waiting to be stored";
        state: "状态", "State";
        cannot_store: "不能保存", "cannot store";
        writable: "正常", "normal";
        none: "现在没有打开的会诊室", "No room is open now";
        teach: "有人进入会诊室后，这里列出它的连接、队列和保存情况。", "When somebody enters a room, its connections, queues and storing are listed here.";
    }
}

/// Why the room refused something; the code itself when it has no words yet.
#[must_use]
pub fn refusal(code: &str, locale: Locale) -> String {
    let pair = match code {
        "live.malformed" => ("不是有效的消息", "not a valid message"),
        "live.too_large" => ("过大", "too large"),
        "live.too_many" => ("过于频繁", "too many"),
        "live.full" => ("文档已满", "document full"),
        "live.gap" => ("缺少前面的修改", "earlier changes missing"),
        "live.foreign_client" => ("使用他人的编号", "another's client id"),
        "live.unknown_root" => ("未知的部分", "unknown part"),
        "live.not_yours" => ("修改他人的内容", "another's content"),
        "live.not_allowed" => ("没有权限", "not allowed"),
        "live.shape" => ("形式不符", "wrong shape"),
        "live.inconsistent" => ("与计划不符", "not as planned"),
        _ => return code.to_owned(),
    };
    pick(locale, pair).to_owned()
}

/// Why a page had to read the room again.
#[must_use]
pub fn resync(reason: &str, locale: Locale) -> String {
    let pair = match reason {
        "digest" => ("核对时发现缺失", "found missing by a digest"),
        "too_slow" => ("接收过慢", "too slow"),
        _ => return reason.to_owned(),
    };
    pick(locale, pair).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_gaps() {
        for (key, zh, en) in RoomsTexts::PAIRS {
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{key}");
        }
        assert_eq!(refusal("live.gap", Locale::En), "earlier changes missing");
        assert_eq!(refusal("live.new", Locale::ZhCn), "live.new");
        assert_eq!(resync("digest", Locale::ZhCn), "核对时发现缺失");
    }
}
