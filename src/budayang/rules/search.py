"""What a search refuses, what lies outside the catalogue, and when an answer is good enough to be one.

Pure and shared: terminal, public page and help desk say the same to the same words. Texts are Chinese and translated
by the page that shows them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SearchVerdict(StrEnum):
    """``found``: items follow. ``not_found``: nothing here is meant. ``refused``: nobody may do this, and why."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    REFUSED = "refused"


WHOLE, WHOLE_FROM = 0.95, 0.10
"""A question this much of which (by weight) one saying of an item holds is a beginning or a part of it, and then this
score is enough: who types 税 shall see what there is about 税…
"""
SAID_SO = 0.95
"""…unless just that is said of something that is not ours: 驾照 is ours, 驾校 is not."""
LEAST, ENOUGH = 0.16, 3.0
"""An item nearer than the first may be an answer, when what speaks for it is worth the second. That and the weights
below were fitted on the lists of questions by logistic regression, to one question in a hundred refused wrongly: see
docs/mechanisms/search.md.
"""
_SCORE, _HELD, _BOTH, _OUTSIDE, _OUTSIDE_HELD, _LONG, _MANNER = 2.6, 1.23, 4.83, 2.66, 3.97, 1.16, 0.83
_SCORE_IF_LONG, _OUTSIDE_IF_LONG = 3.39, 0.72
LONG = 12
MOST = 0.45


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest of one side: its score, the share of the question (by weight) that its nearest saying holds, and the
    share that all its sayings hold together.
    """

    score: float = 0.0
    covered: float = 0.0
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is put: its number of signs without fillers; how much they sound like ours rather than others'
    (logarithms; more than nothing: like ours).
    """

    length: int
    total: float = 0.0


def good_enough(ours: Nearest, outside: Nearest, manner: Manner) -> bool:
    """Whether our best item is an answer, beside the nearest saying that means nothing of ours, to a question of so
    many signs. In a few words everything should fit; a story says much beside.
    """
    if ours.covered >= WHOLE and ours.score >= WHOLE_FROM and outside.score < SAID_SO:
        return True
    long = min(manner.length, LONG) / LONG
    for_it = (_SCORE + _SCORE_IF_LONG * long + _BOTH * ours.held) * ours.score + _HELD * ours.held + _LONG * long
    against = (_OUTSIDE + _OUTSIDE_IF_LONG * long) * outside.score + _OUTSIDE_HELD * outside.held
    return ours.score >= LEAST and for_it + _MANNER * manner.total - against >= ENOUGH


def surely_outside(outside: Nearest, ours: Nearest) -> bool:
    """Whether it is known what else is meant, so that advice where to turn to may be given."""
    return outside.score > ours.score and outside.covered >= MOST


@dataclass(frozen=True, slots=True)
class Outside:
    """Matters that people ask for and that are not ours. ``advice``: where to go instead, empty where unknown."""

    kind: str
    name: str
    advice: str = ""


ELSEWHERE = "elsewhere"
OUTSIDE: tuple[Outside, ...] = (
    Outside("urgent", "紧急情况", "有危险请马上拨打：报警110，火警119，急救120。"),
    Outside("weather", "天气"),
    Outside("travel", "出行购票", "购票、打车请用铁路、民航、客运或出行平台的渠道。"),
    Outside("stay", "吃住"),
    Outside("courier", "快递"),
    Outside("bank", "银行与理财", "银行业务请到银行网点办理。"),
    Outside("insure", "商业保险", "商业保险请找承保的保险公司。"),
    Outside("phone", "手机与网络"),
    Outside("play", "娱乐"),
    Outside("chat", "闲聊", "想办什么，照平常说话写就行，例如“打社保证明”。"),
    Outside("life", "生活服务"),
    Outside("health", "看病用药", "看病用药请问医生；急病请拨打120。"),
    Outside("study", "学习培训"),
    Outside("huji", "户口办理", "上户口、迁户口、改户口和首次办身份证，请到派出所户籍窗口办理。"),
    Outside("civil", "民政与卫生的其他事项", "请到医院、民政或卫健部门咨询。"),
    Outside("court", "诉讼与警务", "打官司请找人民法院；报警请拨打110。"),
    Outside("exit", "出入境的其他事项", "首次申请或补发出入境证件，请到出入境接待窗口办理。"),
    Outside("traffic", "车辆与驾驶证的其他事项", "请到车管所窗口办理。"),
    Outside("build", "房屋、土地与建设的其他事项", "请到不动产、住建或自然资源窗口咨询。"),
    Outside("license", "其他许可与申请", "这里没有这项，请到政务服务大厅窗口咨询。"),
    Outside("farm", "农牧生活"),
    Outside("noise", "看不出意思的输入"),
    Outside(ELSEWHERE, "外地的事", "这里没有这项，请到政务服务大厅窗口咨询。"),
)


_PLACES = (
    "北京|上海|天津|重庆|广州|深圳|西安|呼和浩特|呼市|包头|乌海|临河|巴彦淖尔|集宁|乌兰察布|通辽|赤峰|锡林郭勒|锡林浩特"
    "|呼伦贝尔|海拉尔|乌兰浩特|银川|兰州|太原|榆林|延安|大同|沈阳|大连|长春|哈尔滨|石家庄|济南|青岛|郑州|洛阳|武汉|长沙"
    "|南京|苏州|无锡|杭州|宁波|合肥|南昌|福州|厦门|成都|贵阳|昆明|南宁|海口|三亚|东莞|佛山|珠海|拉萨|西宁|乌鲁木齐"
    "|河北|山西|陕西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|甘肃"
    "|青海|宁夏|新疆|西藏"
)
_OF_ELSEWHERE = re.compile(
    f"^(?:我想问问?|问一?下|请问|查一?下|查查?|打听一?下)?(?:{_PLACES})(?:市|省|那边|那面|当地)?(?:的|咋|怎么|如何)*"
    "(?:社保|医保|公积金|养老|落户|户口|积分|居住证|身份证|驾照|驾驶证|车牌|摇号|小客车|限行|限购|买房|购房|房产|不动产"
    "|契税|个税|低保|高龄|老年|残疾|失业|就业|人才|入学|上学|学区|中考|高考|小升初|护照|营业执照|执照|公司注册|结婚|离婚"
    "|水费|电费|燃气|暖气|公交|地铁|图书馆|年卡|医院|派出所|车管所|政务|税务|工商)"
)
_BETWEEN = re.compile(
    "来|去|到|从|转|迁|并|合|续|接|异地|备案|看病|就医|住院|手术|瞧病|出差|旅游|贷款|上班|工作|打工|做生意|(?<!居)住|回|邮|寄"
    "|交[过的了]|缴[过的了]|以前|原来|原先|考|签注|通行证|这里|这儿|这边|人$|人[办来在要想]"
    "|户口[的在要想孩娃人]|买房[用要提取贷]|购房[用要提取贷]"
)


_OPINION = re.compile(
    "哪(?:一?[个家种款所]|里|儿).{0,5}(?:好$|好[点些吃玩看]|便宜|划算|最强|实惠)|(?:合适|划算|值得)[吗么嘛不]?$"
    "|(?:几|多少)(?:公斤|公里|斤|米|度|路车|站地)|[啥什]么?牌子|能(?:吃|喝|玩|骑|炒|穿).{0,4}[吗么不]$|怎么(?:养(?!老)|种(?![粮地])|减肥|好看|好吃|复习|追|保养)"
)


def is_no_matter(text: str) -> str | None:
    """The kind of a question that names a thing of ours and wants no matter done with it, empty where it has none: what
    is of another city (北京积分落户: its name first, nothing that ties it to here), and opinions. None for all others.
    """
    if _OF_ELSEWHERE.search(text) is not None and _BETWEEN.search(text) is None:
        return ELSEWHERE
    return "" if _OPINION.search(text) is not None else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that nobody is served with. ``signs``: one must be found in the text; ``unless``: none may be: a person
    who was deceived or who checks whether a paper is genuine uses the same words.
    """

    code: str
    reason: str
    signs: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()


def _signs(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one) for one in patterns)


_STRANGER = (
    "别人|他人|旁人|邻居|前妻|前夫|前任|前男友|前女友|小三|情敌|债主|债务人|欠[我债]?钱[的那]|同事|老板|对方|对象|男朋友"
    "|女朋友|男友|女友|某人|某个|某女|某男|某某|陌生人|网友|同学|亲戚|仇人|明星|房东|租客|那个女|那个男|那女的|那男的"
    "|某位|领导|村长|书记|嘎查长|别家|他家|张三|李四|王五|老王|小王|小李|人家"
)
_IN_LAWS = "儿媳|女婿|小舅子|小姨子|小叔子|大姑子|妯娌|连襟|亲家|姐夫|妹夫|嫂子|弟媳"
_SPOUSE = "老公|老婆|丈夫|妻子|媳妇|爱人"
_PRIVATE = (
    "社保|医保|征信|信用报告|房产|房子|几套房|有没有房|名下|住址|住哪|住在哪|家庭地址|地址|身份证|户籍|户口|电话|手机号"
    "|工资|收入|存款|个税|纳税|交多少税|婚姻|结过婚|结婚没|结婚了没|离婚没|离过婚|婚史|开房|出入境|出国|行踪|位置|定位"
    "|档案|病历|犯罪|案底|前科|公积金|记录|隐私|资料|征信报告|违章|养老金|低保|补贴|补助"
)
_LOOK = "查|看看|看一下|看下|打印|打[个张份]?|调取|调出|搜|找出|弄到|偷看|瞅瞅|瞧瞧"
_GENUINE = _signs("真假|真伪|真的假的|是不是(?:[真假]|伪造)|真不真|是真是假|识别|辨别|鉴别|核验|查验|防伪|不知道?真")
_VICTIM = _signs("别让人|别叫人|被[人骗]|受骗|被冒|怕|担心|防止|举报|投诉|报案|有人|诈骗")
_PAPER = (
    "假(?:的)?(?:身份证|证|章|公章|印章|驾照|驾驶证|学历|文凭|毕业证|结婚证|离婚证|房产证|房本|发票|病历|诊断|证明|执照"
    "|证件|流水|护照|通行证|居住证|户口本|残疾证|低保证|无犯罪|社保|收入证明|材料|合同|牌照|车牌|工作证|报告"
    "|病假条|诊断书|学生证|残疾人证|优待证|疫苗本|接种证|工资条|准考证|成绩单|医保卡|社保卡|户口页|居住证)"
)
_OTHERS = "别人|他人|我哥|我弟|我姐|我妹|哥哥|弟弟|朋友|同学|同事|亲戚|老乡|人家|邻居|死人|去世的人"

REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "forged",
        "伪造、变造、买卖证件、印章、票据和证明是违法的，这里不提供任何帮助。",
        (
            *_signs(
                f"(?:办|做|弄|买|搞|刻|开|制|整|要|造|印|打|出|卖|弄个|帮忙弄)[一几]?[个张份本枚套些]?{_PAPER}",
                f"^{_PAPER}(?:$|.{{0,3}}[打办做弄开整])",
                "(?:办|做|弄|搞|刻|整|造|开|来|打)[一几]?[个张份本枚套些]假(?!期|条|日|货|牙|装|如|种|饲料|药|酒)",
                "(?:办|做|弄|搞|刻|整|造)假(?!期|条|日|货|牙|装|如|种|饲料|药|酒)",
                "伪造|变造|仿造|造假|高仿|作假|做假|弄虚作假",
                "(?:^|用|会|给我|帮我|找人)(?:ps?一?[个张份]|p图)|ps(?:一?[个张份])?(?:身份证|执照|营业执照|证|流水|章)",
                "虚开|买卖发票|倒卖发票|卖发票给|刻(?:个|一?枚)?(?:假)?公章去",
                "买(?:一?[个张份本])?(?:残疾证|居住证|教师资格证|资格证|驾照|驾驶证|结婚证|离婚证|毕业证|低保证)",
                "代考|替考|替我考|枪手|买学历|买文凭|买证书|买毕业证|包过.{0,2}证",
            ),
        ),
        (*_GENUINE, *_VICTIM),
    ),
    Refusal(
        "tampering",
        "征信、违法、考试等记录不能由人修改或花钱消除；认为记录有错，请向出具记录的部门提出异议。",
        _signs(
            "(?:改|删|删除|删掉|消除|消掉|抹掉|抹除|清除|洗白|修改|洗掉|去掉|消)(?:一下|了)?(?:我的|个人)?"
            "(?:征信|违章记录|违法记录|犯罪记录|案底|逾期|不良记录|成绩|分数|失信)",
            "(?:征信|逾期|案底|犯罪记录|不良记录|失信).{0,3}(?:洗白|删除|删掉|消除|消掉|抹掉|修复中介)|修复征信|征信修复",
            "花钱(?:就?能|可以)?.{0,4}(?:消|抹|删|清|改)",
            "(?:罚款|违章|失信|失信名单|案底|逾期|黑名单).{0,2}(?:删|抹|去|消)(?:了|掉)(?!没|吗|么)",
            "(?:成绩|分数).{0,3}改(?:高|好)|征信.{0,3}(?:变干净|变白|弄干净|洗干净)|改.{0,6}(?:年龄|岁数|出生).{0,6}退休",
            "黑进|黑客|入侵|攻破|破解(?!.{0,3}[吗么])|盗号|撞库",
        ),
        _signs("信用中国|公共信用|举报|投诉"),
    ),
    Refusal(
        "points",
        "买卖驾驶证记分、替他人接受处理是违法的，记分只能由违法行为人本人接受处理。",
        _signs(
            "(?:消|抹|清|洗)掉.{0,8}分|扣我的分|花钱.{0,4}分|扣的?分.{0,3}(?:消|抹|清|洗|弄|整)(?:掉|没|了)",
            f"(?:替|代|帮)(?:{_OTHERS}).{{0,4}}(?:处理|消|扣|顶)|(?:{_OTHERS})的违章.{{0,3}}(?:我来|我去|我顶|替)",
            "买分|卖分|[买卖](?:别人|他人|人家)的?(?:驾照|驾驶证|本子?)?的?分|[买卖]驾照分|[买卖]驾驶证分|消分|销分(?!户)|代扣分|代消|替.{0,6}扣分|帮.{0,6}扣分|顶包|顶分|扣分黄牛",
            f"用(?:{_OTHERS}).{{0,4}}(?:驾照|驾驶证|本).{{0,6}}(?:扣|销|处理|消)",
        ),
        _signs("举报|被人|有人|投诉"),
    ),
    Refusal(
        "fraud",
        "骗取、套取社会保险、公积金和补贴是违法的，要退回并受处罚，这里不提供任何帮助。",
        _signs(
            "(?:骗取?|冒领|套取|套现|套出来?|虚报|虚构)(?:出|领)?.{0,4}(?:低保|失业金|失业保险|补贴|补助|医保|公积金|社保|贷款|养老|津贴|保险)",
            "(?<![一二三两首头几])套(?:医保|公积金|补贴|社保)|(?:医保卡?|公积金).{0,4}(?:套现|套钱|套取|换现金|刷成?现金)",
            "(?:低保|救助|补贴|公租房)?名额.{0,4}(?:弄给|卖给|转给|让给|买)",
            "公积金.{0,2}套出|装(?:残疾|病|穷).{0,3}领|(?:虚报|多报|谎报|瞒报).{0,8}(?:补贴|补助|低保|津贴)|花钱(?:办|买|弄).{0,3}低保",
            "(?:死去|去世|过世|死了|死人).{0,6}(?:继续|接着|还想|照样).{0,4}(?:领|取|刷)",
            "逃税|偷税|偷漏税|避税方法|洗钱|骗贷|骗保",
            "(?:去世|死了|过世|人没了|不在了|走了).{0,10}(?:继续|还能?|接着|照样|照常).{0,4}(?:领|取|刷)",
            "(?:去世|死了|过世).{0,8}(?:怎么|咋|如何).{0,4}(?:认证|刷脸)",
        ),
        (*_signs("退回|停发|停领|注销"), *_VICTIM),
    ),
    Refusal(
        "impersonation",
        "这里按本人身份办理，不能冒用、借用他人的证件或替他人刷脸；确需代办的，请带委托书到窗口。",
        _signs(
            f"(?:用|拿|借|使)(?:一?[个张下])?(?:{_OTHERS}).{{0,3}}"
            "(?:身份证|身份|社保卡|医保卡|医保|驾照|驾驶证|脸|照片|指纹|户口).{0,6}(?:办|看病|买药|登|领|取|刷|考|注册|贷|开户|住)",
            "(?:找|让|叫|请)(?:个|别)?人(?:替|代|帮)我?.{0,3}(?:刷脸|认证|体检|考试|按指纹)",
            "身份证.{0,3}偷偷|偷偷.{0,4}(?:身份证|刷脸)|代签名|替人签名",
            "假装.{0,3}是|冒用|冒充|冒名|顶替|代人刷脸|替人刷脸|代刷脸|代人认证|替人认证|代刷.{0,2}认证",
            "(?:拿|用).{0,8}照片.{0,6}(?:认证|刷脸|领)",
        ),
        (*_GENUINE, *_VICTIM),
    ),
    Refusal(
        "other_person",
        "这是他人的个人信息，只有本人持本人证件才能查询和打印；司法、公证等需要请走法定的调查程序。",
        _signs(
            f"(?:{_LOOK}).{{0,8}}(?:{_STRANGER}).{{0,10}}(?:{_PRIVATE})",
            f"(?:{_STRANGER}).{{0,4}}(?:的)?(?:{_PRIVATE}).{{0,6}}(?:查|打印|告诉|是多少|在哪|调出|翻出|弄到|拿给我|发给我)",
            f"(?:偷偷|背着|悄悄|瞒着).{{0,6}}(?:查|打|看|调).{{0,8}}(?:{_PRIVATE})",
            f"(?<![给替帮])查(?:一下|查)?(?:我)?(?:{_SPOUSE}).{{0,6}}(?:征信|房产|开房|工资|出入境|行踪|婚|存款|信息|记录|位置)",
            f"(?:替|代|帮)(?:{_STRANGER}).{{0,4}}(?:查|打|办|取|领|签|刷)",
            "(?:开房|通话|聊天|酒店入住)记录|人肉|跟踪|监听|定位(?:别人|他|她|手机|老公|老婆)",
            "(?:手机号|电话|车牌|车牌号|身份证号)(?:码)?.{0,3}(?:是谁的|是谁|查人|查车主|查机主)",
            f"看(?:看|一下|下)?(?:{_STRANGER})的(?:{_PRIVATE})|偷看.{{0,6}}(?:{_SPOUSE}|{_STRANGER})",
            "查(?:一?下|查)?(?:这|那|个|某)个?人.{0,4}(?:住哪|在哪|住址|案底|前科|征信|结婚|名下|电话)",
            "(?:私家侦探|查人|查户籍地址找人)",
            f"(?<![给替帮])(?:{_LOOK}).{{0,6}}(?:{_IN_LAWS}).{{0,6}}(?:征信|房产|几套房|存款|开房|工资|出入境|行踪|婚史|住址|定位|前科|案底)",
        ),
        _signs("公司|企业|单位|律师|发票|公证书|合同|执照|店铺", "真假|真伪|真的假的|是不是[真假]|真不真", "被告|法院"),
    ),
    Refusal(
        "scalping",
        "号源和名额按实名分配，倒卖、代抢是违法的；请自己预约，或点“呼叫帮办”。",
        _signs("黄牛|倒号|买号|卖号|抢号卖|号卖钱|代抢|号贩子"),
        _signs("举报|投诉|被"),
    ),
)


def find_refusal(texts: Sequence[str]) -> Refusal | None:
    """The first rule that one of the texts meets. ``texts``: the question as typed and as it was read, without signs
    and in small letters.
    """
    for refusal in REFUSALS:
        for text in texts:
            if any(sign.search(text) for sign in refusal.signs) and not any(no.search(text) for no in refusal.unless):
                return refusal
    return None
