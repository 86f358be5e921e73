"""What is wrong with an operator's boundaries, and how to mend it."""

from __future__ import annotations

from synergy.texts import Catalogue

# English, Chinese
WORDS = Catalogue(
    {
        "outline.unreadable": ("the map cannot be read: {found}", "无法读取地图文件：{found}"),
        "outline.large": (
            "the map has {found} bytes; expected 16 MiB at most: simplify it first",
            "地图文件有 {found} 字节，最多 16 MiB：请先简化",
        ),
        "outline.no_json": ("the map is no JSON: {found}", "地图文件不是合法 JSON：{found}"),
        "outline.kind": (
            "the map is of type {found}; expected FeatureCollection, Feature, Polygon or MultiPolygon",
            "地图类型为 {found}，应为 FeatureCollection、Feature、Polygon 或 MultiPolygon",
        ),
        "outline.projected": (
            "the map names another reference system, {found}; expected degrees of WGS 84: export it as EPSG:4326",
            "地图声明了其他坐标系 {found}，应为 WGS 84 经纬度：请以 EPSG:4326 导出",
        ),
        "outline.shape": (
            "the coordinates of the map are not nested as GeoJSON (RFC 7946) has them: {found}",
            "地图坐标的嵌套不符合 GeoJSON（RFC 7946）：{found}",
        ),
        "outline.empty": (
            "the map ({found}) has no area; expected at least one Polygon or MultiPolygon",
            "地图（{found}）不含任何面，至少应有一个 Polygon 或 MultiPolygon",
        ),
        "outline.many": (
            "the map has {found} outlines and points; expected at most 2,000 and 500,000: simplify it first",
            "地图含 {found} 个环与点，最多 2,000 个环、500,000 个点：请先简化",
        ),
        "outline.degrees": (
            "outline {found} is no longitude and latitude in degrees; are they exchanged, or in metres?",
            "第 {found} 不是以度表示的经度、纬度；是否顺序颠倒或单位为米？",
        ),
        "outline.open": (
            "outline {found} is not closed; expected four points or more, the last one the first again",
            "第 {found} 个环未闭合；应至少四个点且首尾相同",
        ),
    }
)
