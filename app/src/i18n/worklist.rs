//! Texts of the worklist.

super::texts! {
    /// The worklist.
    pub struct WorklistTexts {
        today: "今天，{}", "Today, {}";
        nothing_late: "没有逾期事项", "Nothing is late";
        late: "{} 项已逾期", "{} late";
        tile_mine: "需要我处理", "Waiting for me";
        tile_waiting: "等待机构答复", "Waiting for answers";
        tile_session: "会诊进行中", "In session";
        tile_reports: "已出报告", "Reports";
        filters: "筛选", "Filter";
        all: "全部", "All";
        mine: "需要我", "My move";
        preparation: "准备", "Preparation";
        conduct: "进行中", "In session";
        summary: "总结", "Summary";
        search: "编号、诊断、ICD-10、身份证号", "Number, diagnosis, ICD-10, identity number";
        find: "查找", "Find";
        more_filters: "更多条件", "More conditions";
        clear: "清除条件", "Clear";
        part: "本院角色", "Our part";
        part_lead: "牵头", "Lead";
        part_participant: "参与", "Participant";
        state: "状态", "State";
        any: "不限", "Any";
        from: "会诊日期从", "Session from";
        to: "到", "to";
        identity_hint: "身份证号不会出现在网址中。", "An identity number never appears in an address.";
        identity_needs_script: "页面尚未就绪，请稍候再按身份证号查找。", "Wait until the page is ready to search by identity number.";
        identity_found: "按身份证号找到 {} 例", "{} found by identity number";
        searching: "正在查找", "Searching";
        waiting_for: "等待：{}", "Waiting: {}";
        search_label: "查找会诊", "Find a consultation";
        column_consultation: "会诊", "Consultation";
        column_phase: "阶段", "Phase";
        column_institutions: "机构", "Institutions";
        column_time: "时间", "Time";
        column_next: "下一步", "Next step";
        answer_by: "答复截止 {}", "Answers due {}";
        opinions_by: "意见截止 {}", "Opinions due {}";
        session_at: "会诊 {}", "Session {}";
        caption: "会诊列表", "Consultations";
        opinion_in: "意见已提交", "opinion in";
        open: "查看", "Open";
        more: "只显示最近更新的 {} 例。", "Only the {} most recently changed are shown.";
        no_match: "没有符合条件的会诊。", "No consultation matches.";
        show_all: "显示全部", "Show all";
        empty_title: "还没有会诊", "No consultations yet";
        empty_create: "会诊由牵头机构发起：填写患者与需求，邀请至少两家机构，对方接受后即可上传影像并开始。",
            "The lead institution starts a consultation: enter the patient and the question, invite at least two institutions, then share images once they have accepted.";
        empty_wait: "别的机构邀请本院，或本院会诊有进展时，会出现在这里。",
            "A consultation appears here when another institution invites yours, or when one of yours moves on.";
        empty_reviewer: "本院会诊的报告签发后，会出现在这里。",
            "Reports of your institution appear here once they are signed.";
    }
}
