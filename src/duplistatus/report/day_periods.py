"""How the world writes before and after noon, and the other words in its dates and times, in the form that
`lettering.letters` gives. Written by `scripts/day_periods.py` from the CLDR data of Babel; not to be edited. A form that means both
somewhere is in neither table."""

from __future__ import annotations

_BEFORE_NOON = """
1ka a adduha ag am amvormittag an ankstāinan antemidí ap atm banhaet bn braxkndaax comme damanhã de
delamañana delmatin dinda dop dopołdnja dopołedniŏ eparadites fh fm fọmọ́nin gh goöň günortadanöň
hengihengi hh hoseng iarmade ib ibikɛ̂glà icheheavo idiɓa im isuk iđitbeaivet kangama karoon ki
kiroko kiɛmɛ́ɛm krn kíkíríg lb leebi lumalwak lwamilawu m ma makeo mambia maná mat matin mbaʼámbaʼ
mbaꞌmbaꞌ moies muhi munkyo nd ntufat ntɔ́ngɔ́ nụtụtụ od pagisiang pamilau pd pg pgsg piopensuno
priekšp priekšpusdienā priešpiet prijepodne prīškpušdīnē rn rw rũ sa saaku safiya sf sokallim soodo
sub subaka subbaahi sárúwá taparachu tesiran tifawt to too uhrvörmiddaachs ulloqeqqatatungaa
uluchelo utuko vaasisu vm vorm wd wichishu yb zdatazal zmu àárɔ̀ àárọ̀ öö ĩyakwakya ŋdi ǁgoagas
ɛnkakɛnyá ʊshilèkʊboɖu πμ ам апоўначы дп обедтэикеле преподне претпл пријеподне проб таңкы то тң эи
үө ӕмбисбоныразмӕ פֿאַרמיטאָג اےایم بن تد ص صباحا صبحمنجهند غم قبلازظهر قظ چب چۈشتىنبۇرۇن ܩܛ ߛ एएम
तडके पूर्वाह्न फुं भोर भ्यागा मपू येएम सकाळीं सबेरे सवेर सुबुहजा এএম নুমাং পুর্বাহ্ন পূর্বাহ্ণ ਪੂਦੁ
ਸਵੇਰ પૂર્વમધ્યાહ્ન ଏଏମ காலை முற்பகல் ఎఎమ్ పూర్వాహ్న ಪೂರ್ವಾಹ್ನ පෙව ก่อนเที่ยง ກ່ອນທ່ຽງ སྔཆ སྔདྲོ
နံနက် ማለዶ ቀደምሰርምዕል ቅቀ ጥዋት ጽባሕ ፋዱስጃብ ᏌᎾᎴ ᐁᒼ ᐊᒼ ᠦᠥ ᱥᱮᱛᱟᱜ ⵜⵉⴼⴰⵡⵜ 上午 午前 ꎸꄑ 오전 𐐰𐑋 𐑨𐑥 𞤢𞤰
"""
BEFORE_NOON = frozenset(_BEFORE_NOON.split())

_AFTER_NOON = """
2ja ak akasuba aluula amnamittag banringzgvaq baubaukndaax carra ch chilo cɛɛ́nko datarde delatarde
desira dilolo du ea eahketbeaivet eb ebongi ebyámu efiafi eftermade eh eigulo em ep epasdites ew f
fi fọívnin gd gm gosoň günortadansoň hawwaro hwaĩinĩ ichamthi in iɓugajɔp kikiiɗe kingoto kisɛ́ndɛ
koosk kooskoliny kugú kyiukonyi lilli lk lumalwap makaaripi mchochill md mo mog mpókwa muu nabali
nabalị nam ncwònzém ngo ngəgógəle nm nomëttes ntmeddit nyiaghuo odp ot p pamunyi papussideinan
pashamihe piecpušdīnē pipinisuno pm pn pop popiet popodne popołdnju popołedniu posmidí ptg ptm pēcp
pēcpusdienā sanje shwane sn soir sorémalem srmlm tadggwat teipa thapama tk tŋ uhrnommendaachs uk
ulloqeqqatakingorna wb wengi wótp wótpołdnja yamma yh ym zaarikayb zmw ös ĩyawĩoo ŋkambɔ́tnji ũg
ǃuias ɔ̀sán ɛndámâ ɣetrɔ ʊshilèkʊsasʊ μμ апоўдні обедтэмейле пм попл поподне послијеподне пп слоб тк
түштөнкийинки эк үх ӕмбисбоныфӕстӕ נאָכמיטאָג بظ بعدازظهر تك دن شاممنجهند غو م مساء منجهندشام پیایم
چك چۈشتىنكېيىن ܒܛ ߥ अपराह्न दपेहरासंजा दपैहरबाद पीएम बेलासे मनं शामजा सञ सांजे सांझ सांम অপরাহ্ণ
অপরাহ্ন পিএম ਬਾਦੁ ਸ਼ਾਮ ઉત્તરમધ્યાહ્ન ପିଏମ பிற்பகல் மாலை అపరాహ్న పిఎమ్ ಅಪರಾಹ್ನ පව หลังเที่ยง ຫຼັງທ່ຽງ
ཕྱིཆ ཕྱིདྲོ ညနေ ሓቆስርምዕል ምሴት ቃማ ከሰዓት ድቀ ፋዱስደምቢ ᏒᎯᏱᎢ ᏒᎯᏱᎢᏗᏢ ᐲᒼ ᠦᠬᠣ ᱧᱤᱫᱟᱹ ḍeffiraza ọ̀sán ⵜⴰⴷⴳⴳⵡⴰⵜ 下午
午後 ꁯꋒ 오후 𐐹𐑋 𐑐𐑥 𞤩𞤰
"""
AFTER_NOON = frozenset(_AFTER_NOON.split())

_LITERALS = """
ga h klock min s г ч
"""
LITERALS = frozenset(_LITERALS.split())
