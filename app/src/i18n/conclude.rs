//! Texts of the page that writes and signs the report.

super::texts! {
    /// Conclude and sign.
    pub struct ConcludeTexts {
        title: "整理结论", "Conclude";
        lead: "报告须引用每一份意见。签名后不能更改。", "The report cites every opinion. Once signed it cannot be changed.";
        opinions: "各机构意见", "Opinions";
        cite: "引用此意见", "Cite this opinion";
        none: "没有已提交的意见。", "No opinion was submitted.";
        waivers: "已接受邀请、但没有意见的机构", "Institutions that accepted but gave no opinion";
        waiver_reason: "{}：未出具意见的原因", "{}: why there is no opinion";
        section: "结论与建议", "Conclusion and advice";
        conclusion: "会诊结论", "Conclusion";
        diagnosis_code: "ICD-10 编码", "ICD-10 code";
        advice: "治疗建议与随访", "Advice and follow-up";
        count: "{} / {} 字", "{} of {} characters";
        sign: "签名并出具报告", "Sign the report";
        confirm: "签名后，报告立即对各参与机构可见，且不能更改。", "Once signed, all institutions see the report and it cannot be changed.";
        signing: "正在签名", "Signing";
        uncited: "有 {} 份意见未被引用。", "Opinions not cited: {}.";
        back: "返回会诊", "Back to the consultation";
    }
}
