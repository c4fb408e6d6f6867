//! Texts of people, private words, undo and keeping.

use crate::i18n::texts;

texts! {
    /// What people do together in the room.
    pub struct SessionTexts {
        people_open: "人员", "People";
        people_hint: "举手的按先后排列。", "Raised hands come first, in their order.";
        hand_up: "举手", "Raise hand";
        hand_down: "放下手", "Lower hand";
        hand_place: "举手 · 第 {} 位", "hand raised · no. {}";
        hands: "{} 人举手", "{} hands raised";
        follows: "跟随 {}", "follows {}";
        writes_opinion: "正在写意见", "writing an opinion";
        writes_line: "正在发言", "writing a line";
        give_chair: "请其主讲", "Let them present";
        take_chair: "我来主讲", "Present myself";
        pause: "暂停会诊", "Pause";
        resume: "继续会诊", "Go on";
        paused: "会诊暂停中。标注与讨论暂时停止，自己的意见和笔记可以继续写。", "The session is paused. Annotations and discussion rest; your own opinion and notes go on.";
        undo: "撤销自己的上一步", "Undo my last act";
        redo: "重做", "Redo";
        saving: "正在保存 {} 处", "Saving {}";
        kept_here: "已加密留在本机，24 小时内重新打开会诊室即自动补交。", "Kept sealed on this device; sent when you open the room again within 24 hours.";
        copy: "复制", "Copy";
        copied: "已复制", "Copied";
        share: "边写边给大家看", "Others see it as I write";
        share_on: "其他专家正在看到你写的内容。", "The others see what you write.";
        share_off: "只有你自己看得到，提交后大家可见。", "Only you see it until you submit.";
        notes: "笔记", "Notes";
        notes_label: "私人笔记", "Private notes";
        notes_hint: "只有你自己看得到，不进入报告。", "Only you see them; they are no part of the report.";
        notes_closed: "目前不能写笔记。", "Notes cannot be written now.";
        toolbar: "意见格式", "Format of the opinion";
        bold: "加粗", "Bold";
        list: "列表", "List";
        numbers: "编号", "Numbered list";
        templates: "模板", "Templates";
        template_pick: "插入模板", "Insert a template";
        revise: "修订意见", "Revise";
        revise_question: "原意见保留为上一版本，修订后须重新签名。确定修订吗？", "The present version is kept; the new one must be signed again. Revise?";
        revise_yes: "开始修订", "Revise it";
        revise_no: "保持不变", "Leave it";
        superseded: "已被新版取代", "superseded";
        in_revision: "正在修订", "being revised";
        older: "以前的版本：{}", "Earlier versions: {}";
        preview: "读者看到的样子", "As readers see it";
    }
}

texts! {
    /// The discussion, questions and what is hidden.
    pub struct TalkTexts {
        reply: "回复", "Reply";
        reply_to: "回复 {}", "Replying to {}";
        cancel_reply: "不回复了", "Stop replying";
        mention: "提到某人", "Mention somebody";
        mention_hint: "输入 @ 选人", "Type @ to choose";
        attach: "引用", "Cite";
        attach_hint: "选取要引用的标注、数值或意见", "Choose a finding, value or opinion to cite";
        uncite: "去掉引用", "Remove the citation";
        writes: "{} 正在发言…", "{} is writing…";
        ask: "向机构提问", "Ask an institution";
        ask_whom: "提问对象", "Whom to ask";
        ask_text: "问题", "Question";
        ask_within: "请在多久内回答", "Answer within";
        minutes: "{} 分钟", "{} minutes";
        ask_send: "提问", "Ask";
        questions: "提问", "Questions";
        open_questions: "{} 个问题待回答", "{} open questions";
        asked_to: "{} 问 {}", "{} asks {}";
        left: "还有 {} 分钟", "{} minutes left";
        overdue: "已超时 {} 分钟", "{} minutes overdue";
        answered: "已回答", "answered";
        withdrawn: "已撤回", "withdrawn";
        answer: "回答", "Answer";
        answer_label: "回答内容", "The answer";
        withdraw: "撤回", "Take back";
        close: "关闭", "Close";
        hide: "隐藏", "Hide";
        unhide: "恢复显示", "Show again";
        hidden: "已由牵头方隐藏", "Hidden by the lead";
        too_many: "引用最多 10 处。", "At most 10 citations.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_gaps() {
        for (key, zh, en) in SessionTexts::PAIRS.iter().chain(TalkTexts::PAIRS) {
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{key}");
            assert!(!zh.contains(['!', '！']) && !en.contains('!'), "{key}");
        }
    }
}
