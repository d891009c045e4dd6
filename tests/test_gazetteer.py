"""Naming the place of a position, offline, in English and French."""

from __future__ import annotations

import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from photoindex.gazetteer import DATA, REGION_KM, Gazetteer, Place, place_at

Names = tuple[str | None, str | None, str]
"""City, region and country."""


class Known(NamedTuple):
    """A position somebody knows, with its names in English and French."""

    what: str
    latitude: float
    longitude: float
    names: Names
    fr: Names


TABLE = """
Eiffel Tower: 48.8584, 2.2945: Paris, Île-de-France, France: =
Louvre: 48.8606, 2.3376: Paris, Île-de-France, France: =
Sacré-Cœur: 48.8867, 2.3431: Paris, Île-de-France, France: =
Neuilly: 48.8846, 2.2697: Neuilly-sur-Seine, Île-de-France, France: =
Versailles: 48.8049, 2.1204: Versailles, Île-de-France, France: =
Lyon Bellecour: 45.7578, 4.832: Lyon, Auvergne-Rhône-Alpes, France: =
Marseille old port: 43.2951, 5.365: Marseille, Provence-Alpes-Côte d'Azur, France: =
Lille: 50.6367, 3.0634: Lille, Hauts-de-France, France: =
Tournai: 50.6071, 3.3892: Tournai, Wallonia, Belgium: Tournai, Wallonie, Belgique
Strasbourg cathedral: 48.5818, 7.7509: Strasbourg, Grand Est, France: =
Kehl: 48.5728, 7.8155: Kehl, Baden-Württemberg, Germany: Kehl, Bade-Wurtemberg, Allemagne
Basel station: 47.5476, 7.5896: Basel, Basel-Stadt, Switzerland: Bâle, Bâle-Ville, Suisse
Saint-Louis: 47.5896, 7.5599: Saint-Louis, Grand Est, France: =
Geneva fountain: 46.2074, 6.1558: Geneva, Geneva, Switzerland: Genève, Genève, Suisse
Annemasse: 46.1939, 6.2342: Annemasse, Auvergne-Rhône-Alpes, France: =
Zurich: 47.3717, 8.5423: Zurich, Zurich, Switzerland: Zurich, Zurich, Suisse
Monaco casino: 43.7391, 7.428: Monaco, -, Monaco: =
St Peter's Basilica: 41.9022, 12.4539: Vatican City, -, Vatican City: Vatican, -, Vatican
Colosseum: 41.8902, 12.4922: Rome, Lazio, Italy: Rome, Latium, Italie
Arezzo: 43.46745, 11.88513: Arezzo, Tuscany, Italy: Arezzo, Toscane, Italie
Rialto: 45.438, 12.3359: Venice, Veneto, Italy: Venise, Vénétie, Italie
Ponte Vecchio: 43.768, 11.2531: Florence, Tuscany, Italy: Florence, Toscane, Italie
Palermo: 38.1157, 13.3615: Palermo, Sicily, Italy: Palerme, Sicile, Italie
Big Ben: 51.5007, -0.1246: London, England, United Kingdom: Londres, Angleterre, Royaume-Uni
Greenwich: 51.4826, -0.0077: London, England, United Kingdom: Londres, Angleterre, Royaume-Uni
Edinburgh Castle: 55.9486, -3.1999: Edinburgh, Scotland, United Kingdom: Édimbourg, Écosse, Royaume-Uni
Brandenburg Gate: 52.5163, 13.3777: Berlin, Berlin, Germany: Berlin, Berlin, Allemagne
Dom: 50.9413, 6.9583: Cologne, North Rhine-Westphalia, Germany: Cologne, Rhénanie-du-Nord-Westphalie, Allemagne
Marienplatz: 48.1374, 11.5755: Munich, Bavaria, Germany: Munich, Bavière, Allemagne
Aix: 50.7747, 6.0839: Aachen, North Rhine-Westphalia, Germany: Aix-la-Chapelle, Rhénanie-du-Nord-Westphalie, Allemagne
Stephansdom: 48.2085, 16.373: Vienna, Vienna, Austria: Vienne, Vienne, Autriche
Grand-Place: 50.8467, 4.3525: Brussels, Brussels, Belgium: Bruxelles, Bruxelles-Capitale, Belgique
Binnenhof: 52.0796, 4.313: The Hague, South Holland, Netherlands: La Haye, Hollande-Méridionale, Pays-Bas
Charles Bridge: 50.0865, 14.4114: Prague, Prague, Czechia: Prague, Prague, Tchéquie
Warsaw: 52.2497, 21.0122: Warsaw, Mazovia, Poland: Varsovie, Mazovie, Pologne
Little Mermaid: 55.6929, 12.5993: Copenhagen, Capital Region of Denmark, Denmark: Copenhague, Hovedstaden, Danemark
Hallgrímskirkja: 64.1417, -21.9266: Reykjavik, Capital Region, Iceland: Reykjavik, Région de la capitale, Islande
Belém: 38.6916, -9.216: Lisbon, Lisbon, Portugal: Lisbonne, Lisbonne, Portugal
Alhambra: 37.176, -3.5881: Granada, Andalusia, Spain: Grenade, Andalousie, Espagne
Sagrada Família: 41.4036, 2.1744: Barcelona, Catalonia, Spain: Barcelone, Catalogne, Espagne
Acropolis: 37.9715, 23.7267: Athens, Attica, Greece: Athènes, Attique, Grèce
Hagia Sophia: 41.0086, 28.9802: Istanbul, Istanbul, Turkey: Istanbul, Istanbul, Turquie
Red Square: 55.7539, 37.6208: Moscow, Moscow, Russia: Moscou, Moscou, Russie
Jemaa el-Fnaa: 31.6258, -7.9891: Marrakesh, Marrakesh-Safi, Morocco: Marrakech, Marrakech-Safi, Maroc
Algiers: 36.7754, 3.0602: Algiers, Algiers, Algeria: Alger, Alger, Algérie
Giza: 30.0131, 31.2089: Giza, Giza, Egypt: Gizeh, Gizeh, Égypte
Cape Town: -33.9068, 18.4233: Cape Town, Western Cape, South Africa: Le Cap, Cap-Occidental, Afrique du Sud
Knesset: 31.7767, 35.2053: Jerusalem, Jerusalem, Israel: Jérusalem, Jérusalem, Israël
Taj Mahal: 27.1751, 78.0421: Agra, Uttar Pradesh, India: Agra, Uttar Pradesh, Inde
Forbidden City: 39.9163, 116.3972: Beijing, Beijing, China: Pékin, Pékin, Chine
Shibuya: 35.6595, 139.7005: Tokyo, Tokyo, Japan: Tokyo, Tokyo, Japon
Gyeongbokgung: 37.5796, 126.977: Seoul, Seoul, South Korea: Séoul, Séoul, Corée du Sud
Victoria Harbour: 22.293, 114.169: Hong Kong, -, Hong Kong: =
Marina Bay: 1.2834, 103.8607: Singapore, -, Singapore: Singapour, -, Singapour
Angkor Wat: 13.4125, 103.867: Siem Reap, Siem Reap, Cambodia: Siem Reap, Siem Reap, Cambodge
Sydney Opera House: -33.8568, 151.2153: Sydney, New South Wales, Australia: Sydney, Nouvelle-Galles du Sud, Australie
Uluru: -25.3444, 131.0369: Yulara, Northern Territory, Australia: Yulara, Territoire du Nord, Australie
Auckland: -36.8485, 174.7622: Auckland, Auckland, New Zealand: Auckland, Auckland, Nouvelle-Zélande
Suva: -18.1416, 178.4419: Suva, Central, Fiji: Suva, Centre, Fidji
Papeete: -17.535, -149.5696: Papeete, Îles du Vent, French Polynesia: Papeete, Îles du Vent, Polynésie française
Central Park: 40.7812, -73.9665: New York, New York, United States: New York, État de New York, États-Unis
Times Square: 40.758, -73.9855: New York, New York, United States: New York, État de New York, États-Unis
Golden Gate Park: 37.7694, -122.4862: San Francisco, California, United States: San Francisco, Californie, États-Unis
Bourbon Street: 29.959, -90.065: New Orleans, Louisiana, United States: La Nouvelle-Orléans, Louisiane, États-Unis
DC: 38.898, -77.036: Washington, District of Columbia, United States: Washington, District de Columbia, États-Unis
Grand Canyon: 36.0591, -112.1093: Grand Canyon, Arizona, United States: Grand Canyon, Arizona, États-Unis
Waikiki: 21.2766, -157.8278: Honolulu, Hawaii, United States: Honolulu, Hawaï, États-Unis
CN Tower: 43.6426, -79.3871: Toronto, Ontario, Canada: =
Horseshoe Falls: 43.0793, -79.079: Niagara Falls, Ontario, Canada: =
Château Frontenac: 46.8119, -71.205: Quebec City, Quebec, Canada: Québec, Québec, Canada
Zócalo: 19.4326, -99.1332: Mexico City, Mexico City, Mexico: Mexico, Mexico, Mexique
Old Havana: 23.1367, -82.359: Havana, Havana, Cuba: La Havane, La Havane, Cuba
Copacabana: -22.9711, -43.1822: Rio de Janeiro, Rio de Janeiro, Brazil: Rio de Janeiro, Rio de Janeiro, Brésil
Ushuaia: -54.8019, -68.303: Ushuaia, Tierra del Fuego, Argentina: Ushuaïa, Terre de Feu, Argentine
Saint-Denis: -20.8789, 55.4481: Saint-Denis, -, Réunion: Saint-Denis, -, La Réunion
North: 78.2232, 15.6267: Longyearbyen, Svalbard, Svalbard and Jan Mayen: Longyearbyen, Svalbard, Svalbard et Jan Mayen
South Pole: -90.0, 0.0: -, -, Antarctica: -, -, Antarctique
Greenland's ice: 72.0, -40.0: -, -, Greenland: -, -, Groenland
"""
"""What is there: latitude, longitude: city, region, country in English: in French, or = for the same; - for none."""


def names(text: str) -> Names:
    city, region, country = (None if name == "-" else name for name in text.split(", "))
    assert country is not None
    return city, region, country


def known(line: str) -> Known:
    what, position, english_names, french_names = line.split(": ")
    latitude, longitude = map(float, position.split(", "))
    fr = names(english_names if french_names == "=" else french_names)
    return Known(what, latitude, longitude, names(english_names), fr)


KNOWN = [known(line) for line in TABLE.strip().splitlines()]


def english(place: Place | None) -> Names | None:
    return None if place is None else (place.city, place.region, place.country)


def french(place: Place | None) -> Names | None:
    return None if place is None else (place.city_fr, place.region_fr, place.country_fr)


@pytest.mark.parametrize("spot", KNOWN, ids=lambda spot: spot.what)
def test_a_known_position_has_its_names(spot: Known) -> None:
    place = place_at(spot.latitude, spot.longitude)
    assert (english(place), french(place)) == (spot.names, spot.fr)


def test_a_place_tells_where_it_is() -> None:
    place = place_at(48.8584, 2.2945)
    assert place is not None
    assert (place.geoname_id, place.country_code) == (2988507, "FR")
    assert (place.latitude, place.longitude) == pytest.approx((48.8534, 2.3488), abs=1e-4)
    assert place.distance_km == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (math.nan, 0.0), (0.0, math.nan), (math.inf, 0.0), (0.0, -math.inf), (90.01, 0.0), (-91.0, 0.0), (0.0, 180.5),
        (0.0, -1e9), (1e308, 1e308),
    ],
)  # fmt: skip
def test_what_is_no_position_has_no_place(latitude: float, longitude: float) -> None:
    assert place_at(latitude, longitude) is None


@pytest.mark.parametrize(("latitude", "longitude"), [(0.0, -30.0), (90.0, 0.0), (-45.0, -120.0), (35.0, 180.0)])
def test_the_open_sea_has_no_place(latitude: float, longitude: float) -> None:
    assert place_at(latitude, longitude) is None


def test_off_the_coast_the_coast_gives_the_name() -> None:
    assert english(place_at(43.24, 5.28)) == ("Marseille", "Provence-Alpes-Côte d'Azur", "France")


def test_in_the_desert_the_country_is_told_without_a_city() -> None:
    place = place_at(25.0, 5.0)
    assert place is not None
    assert (place.city, place.city_fr, place.country, place.country_fr) == (None, None, "Algeria", "Algérie")
    assert (place.geoname_id, place.distance_km) == (2589581, 0.0)


def test_nearer_than_the_reach_of_regions_the_desert_has_a_region() -> None:
    assert REGION_KM > 200
    assert english(place_at(23.5, 10.0)) == (None, "Djanet", "Algeria")


@pytest.mark.parametrize("latitude", [-16.8, -17.5, 0.5, 66.0])
def test_both_names_of_the_antimeridian_are_one(latitude: float) -> None:
    assert english(place_at(latitude, 180.0)) == english(place_at(latitude, -180.0))


def test_across_the_antimeridian_the_nearest_place_is_found() -> None:
    place = place_at(-16.43, -179.95)
    assert place is None or place.country_code == "FJ"
    gazetteer = Gazetteer(DATA)
    found = gazetteer._nearest(-16.43, -179.95, None)
    assert found is not None and found[1] < 80  # Labasa, at 179.4 east


@pytest.mark.parametrize(
    ("latitude", "longitude", "country"),
    [
        (48.60, 7.79, "France"),  # between Strasbourg and the Rhine, near Kehl
        (49.02, 8.13, "Germany"),  # Palatinate, near Lauterbourg
        (45.9833, 7.7844, "Switzerland"),  # Gornergrat
        (42.60, 1.45, "Andorra"),
        (32.53, -117.02, "Mexico"),  # Tijuana
        (32.56, -117.05, "United States"),  # San Ysidro
        (43.0945, -79.0400, "United States"),  # the American side of the falls
        (-25.69, -54.44, "Argentina"),  # Iguazú, where three countries meet
        (27.8056, 86.7140, "Nepal"),  # Namche Bazaar
    ],
)
def test_near_a_border_the_country_is_the_one_it_is_in(latitude: float, longitude: float, country: str) -> None:
    place = place_at(latitude, longitude)
    assert place is not None and place.country == country


def test_all_names_are_whole() -> None:
    gazetteer = Gazetteer(DATA)
    for latitude in range(-60, 75, 3):
        for longitude in range(-180, 180, 6):
            place = gazetteer.place_at(float(latitude), float(longitude))
            if place is not None:
                assert place.country and place.country_fr and len(place.country_code) == 2
                assert (place.city is None) == (place.city_fr is None) and place.city != ""
                assert (place.region is None) == (place.region_fr is None) and place.region != ""
                assert 0 <= place.distance_km <= 60


def test_threads_may_ask_at_once_from_the_start() -> None:
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from photoindex import gazetteer\n"
        "assert gazetteer._loaded is None\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print({place.city for place in pool.map(lambda _: gazetteer.place_at(48.85, 2.35), range(64))})\n"
    )
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "{'Paris'}"


def test_answers_do_not_depend_on_who_asks() -> None:
    points = [(spot.latitude, spot.longitude) for spot in KNOWN] * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda point: place_at(*point), points)) == [place_at(*point) for point in points]


def test_the_file_is_small_enough_to_carry() -> None:
    assert DATA.stat().st_size < 5_000_000
