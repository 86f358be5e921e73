"""Words of enterprises that leave."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "departures.title": ("Enterprises that left", "企业退出"),
        "departures.left": ("Have left", "已退出的企业"),
        "departures.none": ("No enterprise has left.", "尚无企业退出。"),
        "departures.at": ("When", "退出日期"),
        "departures.by": ("By", "办理人"),
        "departures.reason": ("Reason", "原因"),
        "departures.leave": ("Let an enterprise leave", "办理企业退出"),
        "departures.lead": (
            "It is refused while a run with the enterprise is under way, or a proposal or partnership with it is open. "
            "What would happen is shown before anything is done.",
            "如该企业参与的匹配正在进行，或有未了结的建议或合作，则不能退出。办理前会先列明后果。",
        ),
        "departures.hint": ("Its id in the dataset, as GLASS.", "数据集中的企业编号，如 GLASS。"),
        "departures.next": ("Show what would happen", "查看后果"),
        "departures.sure": ("{enterprise} leaves: this will happen", "{enterprise} 退出后将会："),
        "departures.accounts": (
            "Its accounts are disabled and their tokens end: {names}.",
            "停用其账户，并使其令牌失效：{names}。",
        ),
        "departures.no_accounts": ("It has no account that is active.", "该企业没有启用中的账户。"),
        "departures.declared": (
            "What it declared in rounds that are not frozen yet is withdrawn.",
            "撤回其在尚未冻结的轮次中的申报。",
        ),
        "departures.frozen": (
            "Where rounds are frozen with it, the next run makes no exchange with it.",
            "已冻结的轮次再次匹配时，不再安排与其交换。",
        ),
        "departures.kept": (
            "Nothing that happened is removed from the record. It can be let in again; its accounts stay disabled "
            "until they are enabled.",
            "已发生的记录均予保留。之后可恢复其参与；其账户须另行启用。",
        ),
        "departures.confirm": ("Let {enterprise} leave", "确认 {enterprise} 退出"),
        "departures.keep": ("Change nothing", "取消"),
        "departures.done": (
            "{enterprise} has left. Accounts disabled: {accounts}; declarations withdrawn: {withdrawn}; rounds in "
            "which exchanges with it are forbidden: {forbidden}.",
            "{enterprise} 已退出。停用账户 {accounts} 个，撤回申报 {withdrawn} 份，禁止与其交换的轮次 {forbidden} 个。",
        ),
        "departures.readmit": ("Let in again", "恢复参与"),
        "departures.back": (
            "{enterprise} may take part again. Enable its accounts under Administration.",
            "{enterprise} 可再次参与。请在“系统管理”中启用其账户。",
        ),
        "action.enterprise.depart": ("enterprise left", "企业退出"),
        "action.enterprise.readmit": ("enterprise let in again", "恢复企业参与"),
    }
)
