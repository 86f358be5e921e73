"""The thirteen counties of Lvliang: names in both languages and where their seats lie."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# id: name in English, in Chinese, latitude and longitude of the seat in degrees. Public table of administrative
# coordinates (datasets/lvliang/sources/geography.csv); its datum is 0.6 km off WGS 84 at most, less than a px here
COUNTIES: Mapping[str, tuple[str, str, float, float]] = MappingProxyType(
    {
        "Xiaoyi": ("Xiaoyi", "孝义市", 37.146294, 111.778818),
        "Fenyang": ("Fenyang", "汾阳市", 37.261756, 111.770477),
        "Wenshui": ("Wenshui", "文水县", 37.438101, 112.028866),
        "Jiaocheng": ("Jiaocheng", "交城县", 37.551963, 112.156064),
        "Lishi": ("Lishi", "离石区", 37.51786, 111.150695),
        "Liulin": ("Liulin", "柳林县", 37.429772, 110.889007),
        "Zhongyang": ("Zhongyang", "中阳县", 37.357058, 111.179657),
        "Jiaokou": ("Jiaokou", "交口县", 36.982186, 111.181151),
        "Lanxian": ("Lanxian", "岚县", 38.279299, 111.671917),
        "Xingxian": ("Xingxian", "兴县", 38.462389, 111.127667),
        "Linxian": ("Linxian", "临县", 37.950758, 110.992093),
        "Fangshan": ("Fangshan", "方山县", 37.894631, 111.244098),
        "Shilou": ("Shilou", "石楼县", 36.99857, 110.834634),
    }
)
# cities and counties around it where goods go to
AROUND: Mapping[str, str] = MappingProxyType({"Taiyuan": "太原市", "Jiexiu": "介休市", "Lvliang": "吕梁市"})


def county_name(county: str, lang: str) -> str:
    """Return what a county is called; one that is none of Lvliang's as the dataset has it.

    Parameters
    ----------
    county : str
        As in the dataset: the English name.
    lang : str
        ``en`` or ``zh``.

    Examples
    --------
    >>> county_name("Xiaoyi", "zh"), county_name("Hexi", "zh")
    ('孝义市', 'Hexi')
    """
    known = COUNTIES.get(county)
    if known is None:
        return AROUND.get(county, county) if lang == "zh" else county
    return known[1] if lang == "zh" else known[0]
