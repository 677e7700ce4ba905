"""The closed lists that cross the wire between services: departments, purposes and scopes."""

from enum import StrEnum


class Department(StrEnum):
    """Who a client speaks for (部门).

    `education` 教育, `police` 公安, `health` 卫生健康, `disease_control` 疾控, `medical_insurance` 医保,
    `disabled_federation` 残联, `civil_affairs` 民政, `political_legal` 党委政法委,
    `hub` another city's hub (对端枢纽), `service` the hub's own (内部服务).
    """

    EDUCATION = "education"
    POLICE = "police"
    HEALTH = "health"
    DISEASE_CONTROL = "disease_control"
    MEDICAL_INSURANCE = "medical_insurance"
    DISABLED_FEDERATION = "disabled_federation"
    CIVIL_AFFAIRS = "civil_affairs"
    POLITICAL_LEGAL = "political_legal"
    HUB = "hub"
    SERVICE = "service"


class Purpose(StrEnum):
    """Why a child's data is read (用途); every read names one that its grant holds.

    `survey` 摸底排查, `key_care` 重点关爱, `verification` 核实, `hukou_exchange` 户籍地交换, `statistics` 统计,
    `service` 关爱服务, `supervision` 监督.
    """

    SURVEY = "survey"
    KEY_CARE = "key_care"
    VERIFICATION = "verification"
    HUKOU_EXCHANGE = "hukou_exchange"
    STATISTICS = "statistics"
    SERVICE = "service"
    SUPERVISION = "supervision"


class Scope(StrEnum):
    """What a token may do.  The last group is for the hub's own services."""

    RECORDS_WRITE = "records:write"
    RECORDS_READ = "records:read"
    CHILDREN_READ = "children:read"
    CHANGES_READ = "changes:read"
    CHILDREN_SHIELD = "children:shield"
    KEY_CARE_READ = "key-care:read"
    KEY_CARE_WRITE = "key-care:write"
    DUTIES_READ = "duties:read"
    DUTIES_WRITE = "duties:write"
    SURVEYS_READ = "surveys:read"
    SURVEYS_WRITE = "surveys:write"
    ALERTS_READ = "alerts:read"
    ALERTS_WRITE = "alerts:write"
    POSTS_READ = "posts:read"
    POSTS_WRITE = "posts:write"
    ROSTERS_READ = "rosters:read"
    ROSTERS_WRITE = "rosters:write"
    ROSTERS_ANSWER = "rosters:answer"
    REVIEWS_DECIDE = "reviews:decide"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    COMPARTMENTS_READ = "compartments:read"
    COMPARTMENTS_WRITE = "compartments:write"
    PSYCHOLOGICAL_RISK = "compartment:psychological-risk"
    MISCONDUCT = "compartment:misconduct"
    SCHOOL_WARNING = "compartment:school-warning"
    GROWTH_FILE = "compartment:growth-file"
    PSYCHOLOGICAL_ARCHIVE = "compartment:psychological-archive"
    HIV = "compartment:hiv"
    SEVERE_MENTAL_DISORDER = "compartment:severe-mental-disorder"
    PROTECTEES = "compartment:protectees"
    GUARDIANSHIP_READ = "guardianship:read"
    GUARDIANSHIP_WRITE = "guardianship:write"
    FIGURES_READ = "figures:read"
    FIGURES_WRITE = "figures:write"
    HANDOVERS_READ = "handovers:read"
    HANDOVERS_WRITE = "handovers:write"
    REFERENCES_READ = "references:read"
    NOTICES_READ = "notices:read"
    NOTICES_WRITE = "notices:write"
    SUBSCRIPTIONS_WRITE = "subscriptions:write"
    EVENTS_READ = "events:read"
    BREAK_GLASS = "break-glass"
    ERASURES_WRITE = "erasures:write"
    PROFILES_READ = "profiles:read"
    ACCESS_READ = "access:read"

    RESOLUTIONS_WRITE = "resolutions:write"
    EVENTS_WRITE = "events:write"
    REVOCATIONS_READ = "revocations:read"
    PEER_FACTS_WRITE = "peer-facts:write"


#: What each scope opens, for the documents.
SCOPE_MEANINGS: dict[Scope, str] = {
    Scope.RECORDS_WRITE: "push, import and recall the records of your department's feeds (推送、导入、撤回)",
    Scope.RECORDS_READ: "read your department's own records, and how late each source is",
    Scope.CHILDREN_READ: "find and read children of your area (查询儿童)",
    Scope.CHANGES_READ: "follow which children enter your area, leave it, or change in it (变更订阅)",
    Scope.CHILDREN_SHIELD: "hide where a child lives, and show it again (地址保密); civil affairs alone",
    Scope.KEY_CARE_READ: "read key care, as pages, stream or workbook (重点关爱)",
    Scope.KEY_CARE_WRITE: "decide on key care; civil affairs alone",
    Scope.DUTIES_READ: "read what is owed to children and by when (职责任务)",
    Scope.DUTIES_WRITE: "report what was done of a place's calendar (日历任务)",
    Scope.SURVEYS_READ: "read survey rounds and how far they came (摸底排查轮次); civil affairs alone",
    Scope.SURVEYS_WRITE: "open and withdraw survey rounds; civil affairs alone",
    Scope.ALERTS_READ: "read alerts, and try a rule (预警)",
    Scope.ALERTS_WRITE: "act on the alerts that you answer for",
    Scope.POSTS_READ: "read posts, vacancies and trainings (岗位); civil affairs alone",
    Scope.POSTS_WRITE: "make, fill and vacate posts, record trainings; civil affairs alone",
    Scope.ROSTERS_READ: "read rosters made for you, and how children stand with the national system (名单)",
    Scope.ROSTERS_WRITE: "make rosters; civil affairs alone",
    Scope.ROSTERS_ANSWER: "confirm receipts of rosters and bring back verdicts (回执)",
    Scope.REVIEWS_DECIDE: "decide who is whom, and take it back (人工比对); civil affairs alone",
    Scope.CASES_READ: "read reports, referrals and suggestions of your place (个案)",
    Scope.CASES_WRITE: "open cases, answer them and act in them",
    Scope.COMPARTMENTS_READ: "read compartments (分隔档案), each besides under its own scope",
    Scope.COMPARTMENTS_WRITE: "open entries of compartments and act in them, each besides under its own scope",
    Scope.PSYCHOLOGICAL_RISK: "psychological risk in four colours (心理健康风险等级), where you are on its sharing list",
    Scope.MISCONDUCT: "the ledger of serious misconduct (严重不良行为重点帮教信息台账), likewise",
    Scope.SCHOOL_WARNING: "three-level warning files of schools (三级预警管理档案), likewise",
    Scope.GROWTH_FILE: "psychological growth files of schools (心理成长档案), likewise",
    Scope.PSYCHOLOGICAL_ARCHIVE: "psychological archives of schools (心理健康档案), likewise",
    Scope.HIV: "the marker of HIV infection (艾滋病病毒感染), likewise",
    Scope.SEVERE_MENTAL_DISORDER: "the marker of severe mental disorder (严重精神障碍), likewise",
    Scope.PROTECTEES: "key protectees (重点关护对象), likewise",
    Scope.GUARDIANSHIP_READ: "read assessments and placements (监护评估与照料); civil affairs alone",
    Scope.GUARDIANSHIP_WRITE: "assess guardianship, place children, look again; civil affairs alone",
    Scope.FIGURES_READ: "read figures of your area, counted now or published (统计数据)",
    Scope.FIGURES_WRITE: "publish figures and have them counted again; civil affairs alone (发布统计数据)",
    Scope.HANDOVERS_READ: "read handovers of children from and to your county (移交); civil affairs alone",
    Scope.HANDOVERS_WRITE: "propose, accept, reject and revoke handovers; civil affairs alone",
    Scope.REFERENCES_READ: "read the children behind references of events and notices",
    Scope.NOTICES_READ: "read notices of your area (通知单)",
    Scope.NOTICES_WRITE: "accept, answer, refuse, release, withdraw notices, and enquire",
    Scope.SUBSCRIPTIONS_WRITE: "manage your webhook subscriptions (订阅)",
    Scope.EVENTS_READ: "read the event feed (事件流)",
    Scope.BREAK_GLASS: "open one child in an emergency, and review openings (紧急查询)",
    Scope.ERASURES_WRITE: "ask for erasures and approve those of others (删除)",
    Scope.PROFILES_READ: "read a place's rules (地方规则)",
    Scope.ACCESS_READ: "read the access matrix (字段访问矩阵)",
    Scope.RESOLUTIONS_WRITE: "registry to matching: resolve and retract entries (内部)",
    Scope.EVENTS_WRITE: "registry to notifications: pass on events (内部)",
    Scope.REVOCATIONS_READ: "services to registry: follow revoked clients (内部)",
    Scope.PEER_FACTS_WRITE: "notifications to registry: facts and answers of peer hubs (内部)",
}

SERVICE_SCOPES = frozenset(
    {Scope.RESOLUTIONS_WRITE, Scope.EVENTS_WRITE, Scope.REVOCATIONS_READ, Scope.PEER_FACTS_WRITE}
)
