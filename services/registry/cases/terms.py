"""The closed lists of cases as they cross the wire, with their Chinese terms."""

from collections.abc import Mapping
from enum import StrEnum

from shared.vocabulary import Department


class CaseKind(StrEnum):
    """What a case is (个案类型).

    `report` 强制报告 to police (R25), with what follows for the guardians (R26); `referral` 转介 to treatment or rehabilitation
    (R24); `suggestion` 司法建议/检察建议 to a unit that neglects its duty (R27); `correction` 更正请求 of a guardian to whoever
    keeps what is wrong; `intervention` 监护干预 where guardianship was found to be at high risk (R31); `assistance` 帮办代办:
    an office takes up for a child what its family has not got done (R43).
    """

    REPORT = "report"
    REFERRAL = "referral"
    SUGGESTION = "suggestion"
    CORRECTION = "correction"
    INTERVENTION = "intervention"
    ASSISTANCE = "assistance"


class Topic(StrEnum):
    """What a case is about (事由).

    Of a report: `guardian_fails_duty` 监护人不履行监护责任, `rights_violated` 侵犯儿童合法权益, `lives_alone` 脱离监护单独居住生活,
    `domestic_violence_suspected` 疑似遭受家庭暴力, `injury_or_crime_suspected` 疑似遭受意外伤害或不法侵害.
    Of a referral: `medical_treatment` 就医, `community_rehabilitation` 精神障碍社区康复.
    Of a suggestion: `judicial` 司法建议, `procuratorial` 检察建议.
    Of a correction: `personal_information` 个人信息不准确或者不完整.
    Of an intervention: `guardianship_high_risk` 高监护风险.
    Of assistance: `insurance_enrolment` 参保帮办代办, `subsidised_insurance` 资助参保.
    """

    GUARDIAN_FAILS_DUTY = "guardian_fails_duty"
    RIGHTS_VIOLATED = "rights_violated"
    LIVES_ALONE = "lives_alone"
    DOMESTIC_VIOLENCE_SUSPECTED = "domestic_violence_suspected"
    INJURY_OR_CRIME_SUSPECTED = "injury_or_crime_suspected"
    MEDICAL_TREATMENT = "medical_treatment"
    COMMUNITY_REHABILITATION = "community_rehabilitation"
    JUDICIAL = "judicial"
    PROCURATORIAL = "procuratorial"
    PERSONAL_INFORMATION = "personal_information"
    GUARDIANSHIP_HIGH_RISK = "guardianship_high_risk"
    INSURANCE_ENROLMENT = "insurance_enrolment"
    SUBSIDISED_INSURANCE = "subsidised_insurance"


class CaseState(StrEnum):
    """How far a case has come (办理状态).

    `sent` 已发出, `received` 已签收, `answered` 已答复, `accepted` 已接收, `submitted` 材料已提交, `done` 已办成,
    `declined` 不予接收, `returned` 已转回, `closed` 已结案.
    """

    SENT = "sent"
    RECEIVED = "received"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    DONE = "done"
    DECLINED = "declined"
    RETURNED = "returned"
    CLOSED = "closed"


class CaseActKind(StrEnum):
    """What was done in a case (办理动作).

    `receive` 签收, `answer` 答复, `accept` 接收, `decline` 不予接收, `return` 转回, `follow_up` 跟进, `close` 结案,
    `reopen` 重新办理; of assistance `gather` 收集材料, `submit` 提交材料, `complete` 办成;
    what a text asks of whoever reports: `dissuade` 劝诫, `stop` 制止, `explain_liability` 告知法律责任, and that it is
    `serious` 情节严重 or that `law_must_act` 需要法律介入;
    measures (措施) of police, procuratorate or court: `admonition` 训诫,
    `family_education_guidance` 责令接受家庭教育指导, `family_education_order` 家庭教育指导令, `supervision_order` 督促监护令.
    """

    RECEIVE = "receive"
    ANSWER = "answer"
    ACCEPT = "accept"
    DECLINE = "decline"
    RETURN = "return"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    REOPEN = "reopen"
    GATHER = "gather"
    SUBMIT = "submit"
    COMPLETE = "complete"
    DISSUADE = "dissuade"
    STOP = "stop"
    EXPLAIN_LIABILITY = "explain_liability"
    SERIOUS = "serious"
    LAW_MUST_ACT = "law_must_act"
    ADMONITION = "admonition"
    FAMILY_EDUCATION_GUIDANCE = "family_education_guidance"
    FAMILY_EDUCATION_ORDER = "family_education_order"
    SUPERVISION_ORDER = "supervision_order"


class CaseOutcome(StrEnum):
    """What an answer says (答复结果).

    `established` 情况属实，已受理, `unfounded` 情况不属实, `handed_on` 移送其他单位, `adopted` 已采纳, `not_adopted` 未采纳,
    `corrected` 已更正、补充, `not_corrected` 不予更正，说明理由.
    """

    ESTABLISHED = "established"
    UNFOUNDED = "unfounded"
    HANDED_ON = "handed_on"
    ADOPTED = "adopted"
    NOT_ADOPTED = "not_adopted"
    CORRECTED = "corrected"
    NOT_CORRECTED = "not_corrected"


class Issuer(StrEnum):
    """Who took a measure (作出机关): `police` 公安机关, `procuratorate` 人民检察院, `court` 人民法院."""

    POLICE = "police"
    PROCURATORATE = "procuratorate"
    COURT = "court"


class AnswerDue(StrEnum):
    """Whether an answer is owed (答复时限).

    `no` 无需答复, `within_limit` 未到期, `overdue` 已逾期，升级督办, `no_limit_configured` 未配置时限，须督办.
    """

    NO = "no"
    WITHIN_LIMIT = "within_limit"
    OVERDUE = "overdue"
    NO_LIMIT_CONFIGURED = "no_limit_configured"


class CaseDemand(StrEnum):
    """What is still asked of somebody in a case, whether or not an answer is owed (待补办事项).

    Of a report, by its place's text: `dissuade` 劝诫, `stop` 制止, `explain_liability` 告知法律责任, `ground` 说明是否情节严重或者
    需要法律介入.  Of any: `review_evidence` 依据记录已撤回，须复核, `review_whose` 依据记录已归于他人，须复核.
    """

    DISSUADE = "dissuade"
    STOP = "stop"
    EXPLAIN_LIABILITY = "explain_liability"
    GROUND = "ground"
    REVIEW_EVIDENCE = "review_evidence"
    REVIEW_WHOSE = "review_whose"


class Sender(StrEnum):
    """Who passes a child on (转介来源).

    `family` 家庭, `school` 学校, `community` 社区, `psychological_institution` 社会心理服务机构, `hotline` 热线.
    """

    FAMILY = "family"
    SCHOOL = "school"
    COMMUNITY = "community"
    PSYCHOLOGICAL_INSTITUTION = "psychological_institution"
    HOTLINE = "hotline"


#: What comes before a report, and on which of several grounds it must be made.
BEFORE = (CaseActKind.DISSUADE, CaseActKind.STOP, CaseActKind.EXPLAIN_LIABILITY)
GROUNDS = (CaseActKind.SERIOUS, CaseActKind.LAW_MUST_ACT)
MEASURES = (
    CaseActKind.ADMONITION,
    CaseActKind.FAMILY_EDUCATION_GUIDANCE,
    CaseActKind.FAMILY_EDUCATION_ORDER,
    CaseActKind.SUPERVISION_ORDER,
)
TOPICS: Mapping[CaseKind, tuple[Topic, ...]] = {
    CaseKind.REPORT: (
        Topic.GUARDIAN_FAILS_DUTY,
        Topic.RIGHTS_VIOLATED,
        Topic.LIVES_ALONE,
        Topic.DOMESTIC_VIOLENCE_SUSPECTED,
        Topic.INJURY_OR_CRIME_SUSPECTED,
    ),
    CaseKind.REFERRAL: (Topic.MEDICAL_TREATMENT, Topic.COMMUNITY_REHABILITATION),
    CaseKind.SUGGESTION: (Topic.JUDICIAL, Topic.PROCURATORIAL),
    CaseKind.CORRECTION: (Topic.PERSONAL_INFORMATION,),
    CaseKind.INTERVENTION: (Topic.GUARDIANSHIP_HIGH_RISK,),
    CaseKind.ASSISTANCE: (Topic.INSURANCE_ENROLMENT, Topic.SUBSIDISED_INSURANCE),
}
OUTCOMES: Mapping[CaseKind, tuple[CaseOutcome, ...]] = {
    CaseKind.REPORT: (CaseOutcome.ESTABLISHED, CaseOutcome.UNFOUNDED, CaseOutcome.HANDED_ON),
    CaseKind.REFERRAL: (),
    CaseKind.SUGGESTION: (CaseOutcome.ADOPTED, CaseOutcome.NOT_ADOPTED),
    CaseKind.CORRECTION: (CaseOutcome.CORRECTED, CaseOutcome.NOT_CORRECTED),
    CaseKind.INTERVENTION: (CaseOutcome.ESTABLISHED, CaseOutcome.UNFOUNDED, CaseOutcome.HANDED_ON),
    CaseKind.ASSISTANCE: (),
}
_KEEPERS_OF_RECORDS = (
    Department.CIVIL_AFFAIRS,
    Department.EDUCATION,
    Department.POLICE,
    Department.HEALTH,
    Department.DISEASE_CONTROL,
    Department.MEDICAL_INSURANCE,
    Department.DISABLED_FEDERATION,
)
#: To whom a case of a kind may be sent.
ADDRESSEES: Mapping[CaseKind, tuple[Department, ...]] = {
    CaseKind.REPORT: (Department.POLICE,),
    CaseKind.REFERRAL: (
        Department.HEALTH,
        Department.CIVIL_AFFAIRS,
        Department.DISABLED_FEDERATION,
    ),
    CaseKind.SUGGESTION: _KEEPERS_OF_RECORDS,
    CaseKind.CORRECTION: _KEEPERS_OF_RECORDS,
    CaseKind.INTERVENTION: (Department.CIVIL_AFFAIRS,),
    CaseKind.ASSISTANCE: (Department.MEDICAL_INSURANCE, Department.CIVIL_AFFAIRS),
}
#: Of assistance: these say why, in the note.
REASONED = (CaseActKind.DECLINE, CaseActKind.RETURN)
