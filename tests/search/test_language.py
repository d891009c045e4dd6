"""Telling queries that are not English from those that are."""

from __future__ import annotations

import time

import pytest

from photoindex.folding import fold
from photoindex.search import language, scripts
from photoindex.search.language import hint

SEEN = {
    "English": """
        dog on the beach | sunset over mountains | birthday cake with candles | kids playing in the snow | red car
        a photo of Mont Blanc | Rio de Janeiro carnival | crème brûlée | São Paulo skyline | El Capitan
        la tomatina festival | Château de Chambord at night | piñata | dachshund | IMG_2034 | grandma in the garden
        Christmas tree | wedding dress | cat sleeping on a sofa | Leonardo da Vinci statue | old invoice
        plate of spaghetti alla carbonara | Vincent van Gogh | people at a table | northern lights | Maria
        DSC01234.jpg | screenshot of a map | Las Vegas | chili con carne
    """,
    "French": """
        plage | coucher de soleil | chien qui court dans l'herbe | enfants dans la neige | anniversaire de mamie
        montagne enneigée | gateau au chocolat | chat noir sur un canapé | voiture rouge | sapin de Noël
        vieille église | repas en famille | bateau à voile | fleurs jaunes | bébé qui dort | rue sous la pluie
        château de sable | facture | pont au-dessus d'une rivière | vaches dans un pré
    """,
    "German": """
        Hund am Strand | Sonnenuntergang | Kinder im Schnee | Geburtstagskuchen | schwarze Katze auf dem Sofa
        rotes Auto | Weihnachtsbaum | alte Kirche | Blumen im Garten | Oma und Opa | Berge im Nebel | Hochzeit
        Boot auf dem See | schlafendes Baby | Straße im Regen | Rechnung | Menschen am Tisch | Brücke über den Fluss
        kühe auf der weide | Feuerwerk
    """,
    "Spanish": """
        playa | perro en la playa | puesta de sol | niños jugando en la nieve | pastel de cumpleaños
        gato negro durmiendo | coche rojo | árbol de Navidad | iglesia antigua | flores amarillas | montañas nevadas
        boda de mi hermana | barco en el mar | bebé sonriendo | calle bajo la lluvia | factura | gente en la mesa
        puente sobre el río | vacas en el campo | fuegos artificiales
    """,
    "Italian": """
        spiaggia | cane sulla spiaggia | tramonto | bambini nella neve | torta di compleanno | gatto nero che dorme
        macchina rossa | albero di Natale | chiesa antica | fiori gialli | montagne innevate | matrimonio
        barca sul lago | neonato che sorride | strada sotto la pioggia | fattura | persone a tavola
        ponte sul fiume | mucche al pascolo | fuochi d'artificio
    """,
    "Portuguese": """
        praia | cachorro na praia | pôr do sol | crianças brincando na neve | bolo de aniversário
        gato preto dormindo | carro vermelho | árvore de Natal | igreja antiga | flores amarelas
        montanhas com neve | casamento | barco no mar | bebê sorrindo | rua com chuva | fatura | pessoas à mesa
        ponte sobre o rio | vacas no campo | fogos de artifício
    """,
    "Dutch": """
        hond op het strand | zonsondergang | kinderen in de sneeuw | verjaardagstaart | zwarte kat op de bank
        rode auto | kerstboom | oude kerk | gele bloemen | bergen met sneeuw | bruiloft | boot op het meer
        slapende baby | straat in de regen | rekening | mensen aan tafel | brug over de rivier | koeien in de wei
        vuurwerk | oma en opa
    """,
    "Polish": """
        plaża | pies na plaży | zachód słońca | dzieci w śniegu | tort urodzinowy | czarny kot na kanapie
        czerwony samochód | choinka | stary kościół | żółte kwiaty | góry we mgle | ślub | łódka na jeziorze
        śpiące dziecko | ulica w deszczu | faktura | ludzie przy stole | most nad rzeką | krowy na łące
        sztuczne ognie
    """,
}
"""What was looked at while the word lists were made."""

SEEN_LATER = {
    "English": """
        golden retriever puppy | sushi platter | Machu Picchu at dawn | Notre-Dame de Paris | a bowl of gazpacho
        Alhambra palace in Granada | two girls laughing | Eiffel tower | our house in Köln | jalapeño peppers
        Côte d'Azur beach | Sagrada Família interior | Oktoberfest beer tent | Ludwig van Beethoven | paella
        IMG_20190704_153022.jpg | Cinque Terre | Plaza de Toros | Francisco de Goya | strawberry gâteau
        Monte Cristo sandwich | Dolce & Gabbana bag | Copacabana | mountain biking in Val Gardena | Claire
        Hotel de Ville | surfing in Biarritz | Der Spiegel cover | whiteboard after the meeting
        Pão de Açúcar cable car
    """,
    "French": """
        Randonnée en montagne | champ de tournesols | ma fille à la piscine | pique-nique au bord du lac | orage
        gateau d'anniversaire | selfie avec papa | vieux port de Marseille la nuit | carte d'identité | chevaux
        match de foot | soirée entre copains | tableau blanc de la réunion | arc-en-ciel | Marché de Noël
        poisson grillé | mains d'un bébé | chaton qui joue | plat de pâtes | feuilles mortes
    """,
    "German": """
        Wanderung in den Alpen | Sonnenblumenfeld | meine Tochter im Schwimmbad | Picknick am See | Gewitter
        geburtstag | Selfie mit Papa | Hafen bei Nacht | Personalausweis | Pferde auf der Koppel | Fußballspiel
        Abend mit Freunden | Tafel mit Notizen | Regenbogen | Weihnachtsmarkt | gegrillter Fisch
        Hände eines Babys | spielendes kätzchen | Teller Nudeln | buntes Laub
    """,
    "Spanish": """
        Excursión a la montaña | campo de girasoles | mi hija en la piscina | picnic junto al lago | tormenta
        tarta de cumpleanos | selfie con papá | puerto de noche | documento de identidad | caballos
        partido de fútbol | noche con amigos | pizarra con notas | arcoíris | mercado navideño | pescado a la plancha
        manos de un bebé | gatito jugando | plato de pasta | hojas secas
    """,
    "Italian": """
        Escursione in montagna | campo di girasoli | mia figlia in piscina | picnic in riva al lago | temporale
        compleanno | selfie con papà | porto di notte | carta d'identità | cavalli al galoppo | partita di calcio
        serata tra amici | lavagna con appunti | arcobaleno | mercatino di Natale | pesce alla griglia
        mani di un neonato | gattino che gioca | piatto di pasta | foglie secche
    """,
    "Portuguese": """
        Caminhada na montanha | campo de girassóis | minha filha na piscina | piquenique à beira do lago | tempestade
        aniversario | selfie com o papai | porto à noite | carteira de identidade | cavalos no pasto
        jogo de futebol | noite com amigos | quadro com anotações | arco-íris | feira de Natal | peixe grelhado
        mãos de um bebê | gatinho brincando | prato de macarrão | folhas secas
    """,
    "Dutch": """
        Wandeling in de bergen | veld met zonnebloemen | mijn dochter in het zwembad | picknick aan het meer
        onweer | verjaardag | selfie met papa | haven bij nacht | identiteitskaart | paarden in de wei
        voetbalwedstrijd | avond met vrienden | bord met aantekeningen | regenboog | kerstmarkt | gegrilde vis
        handjes van een baby | spelend katje | bord pasta | herfstbladeren
    """,
    "Polish": """
        Wycieczka w góry | pole słoneczników | moja córka na basenie | piknik nad jeziorem | burza
        urodziny babci | selfie z tatą | port nocą | dowód osobisty | konie na pastwisku | mecz piłki nożnej
        wieczór z przyjaciółmi | tablica z notatkami | tęcza | jarmark bożonarodzeniowy | grillowana ryba
        rączki niemowlęcia | kotek bawi się | talerz makaronu | jesienne liście
    """,
}
"""What was held out from the first lists, then looked at for the second."""

HELD_OUT = {
    "English": """
        Amalfi coast drive | a herd of reindeer | burrito with guacamole | El Niño flood damage | Zürich main station
        Mont Saint-Michel at low tide | grandfather clock | macarons in a box | Playa del Carmen resort | San Sebastián
        Bob Marley poster | Tierra del Fuego | Diego Velázquez | quesadilla | receipts from Lidl | Bruges canals
        Loire valley châteaux | dirndl and lederhosen | Neuschwanstein | La Rambla | Via Appia | school play
        Día de los Muertos altar | tango dancers in Buenos Aires | Marie Curie | gnocchi al pesto | Saint-Tropez
        Schrödinger | flat white coffee | hula hoop | Puy de Dôme | Corfu ferry | P1040233.RW2 | Krakow old town
        Sint Maarten airport | salsa verde | stray kitten | Rue Cler market | Jean-Paul | Porto wine cellars
    """,
    "French": """
        tour Eiffel sous la neige | ma grand-mère dans son fauteuil | lever de soleil | camping | tarte aux pommes
        les enfants déguisés en pirates | nid d'oiseau | maillot de bain | stade plein | vitrail d'une cathédrale
        Mariage de Sophie | ticket de caisse | trottinette | chat roux | mer agitée | foule à un concert
        coiffure | coccinelle sur une feuille | dessin de ma nièce | panneau de signalisation
    """,
    "German": """
        Oma backt Plätzchen | Marienkäfer auf einem Blatt | Sonnenaufgang | Zelten am Fluss | Apfelkuchen
        verkleidete Kinder | Vogelnest | Badeanzug | volles Stadion | Kirchenfenster | Hochzeit von Anna | Kassenzettel
        Roller vor der Haustür | rote Katze | stürmische See | Publikum beim Konzert | Frisur | Zeichnung meiner Nichte
        Verkehrsschild | leere autobahn
    """,
    "Spanish": """
        abuela cocinando | mariquita en una hoja | amanecer | acampada en el bosque | tarta de manzana
        niños disfrazados | nido de pájaros | traje de baño | estadio lleno | vidrieras de la catedral
        Boda de Ana | recibo de la compra | patinete eléctrico | gato naranja | mar revuelto | público en un concierto
        peinado nuevo | dibujo de mi sobrina | señal de tráfico | carretera vacía
    """,
    "Italian": """
        nonna che cucina | coccinella su una foglia | alba | campeggio nel bosco | torta di mele | bambini in maschera
        nido di uccelli | costume da bagno | stadio pieno | vetrate della cattedrale | Matrimonio di Anna
        scontrino della spesa | monopattino | gatto arancione | mare mosso | pubblico al concerto
        taglio di capelli | disegno di mia nipote | cartello stradale | autostrada vuota
    """,
    "Portuguese": """
        avó cozinhando | joaninha numa folha | nascer do sol | acampamento na floresta | torta de maçã
        crianças fantasiadas | ninho de passarinho | roupa de banho | estádio cheio | vitrais da catedral
        Casamento da Ana | nota fiscal | patinete elétrico | gato laranja | mar agitado | plateia do show
        corte de cabelo | desenho da minha sobrinha | placa de trânsito | estrada vazia
    """,
    "Dutch": """
        oma bakt koekjes | lieveheersbeestje op een blad | zonsopgang | kamperen in het bos | appeltaart
        verklede kinderen | vogelnest | badpak | vol stadion | glas-in-loodramen | Bruiloft van Anna | kassabon
        step voor de deur | rode kat | ruwe zee | publiek bij een concert | kapsel | tekening van mijn nichtje
        verkeersbord | lege snelweg
    """,
    "Polish": """
        babcia piecze ciasteczka | biedronka na liściu | wschód słońca | biwak w lesie | szarlotka
        przebrane dzieci | gniazdo ptaków | strój kąpielowy | pełny stadion | witraże w katedrze | Ślub Anny
        paragon ze sklepu | hulajnoga | rudy kot | wzburzone morze | publiczność na koncercie | fryzura
        rysunek mojej siostrzenicy | znak drogowy | pusta droga
    """,
}
"""Held out from the second lists: .67 of it was told, .84 with the words of CLDR; then it was looked at."""

LAST = {
    "English": """
        toddler with a balloon | Rothenburg ob der Tauber | kimono | San Gimignano towers | handwritten letter
        chorizo tapas | Serge Gainsbourg | basement flood | Santa Claus | Montmartre | poncho | tram in Lisbon
        Zugspitze summit | IMG-20210101-WA0003.jpg | quinceañera | piazza | Benoît | tin roof | hedgehog | Porsche 911
    """,
    "French": """
        ma nouvelle cuisine | vendanges | gros chien blanc | bouquet de roses | escalier en colimaçon
        pêche à la ligne | écran d'ordinateur | nuages roses | garçon avec un cerf-volant | vue depuis l'avion
    """,
    "German": """
        unsere neue Küche | Weinlese | großer weißer Hund | Rosenstrauß | Wendeltreppe | Angeln am See
        Bildschirm | rosa Wolken | Junge mit Drachen | Blick aus dem Flugzeug
    """,
    "Spanish": """
        nuestra cocina nueva | vendimia | perro grande y blanco | ramo de rosas | escalera de caracol
        pesca en el río | pantalla del ordenador | nubes rosas | niño con una cometa | vista desde el avión
    """,
    "Italian": """
        la nostra nuova cucina | vendemmia | cane grande e bianco | mazzo di rose | scala a chiocciola
        pesca sul fiume | schermo del computer | nuvole rosa | bambino con aquilone | vista dall'aereo
    """,
    "Portuguese": """
        nossa cozinha nova | vindima | cachorro grande e branco | buquê de rosas | escada em caracol
        pesca no rio | tela do computador | nuvens rosadas | menino com pipa | vista do avião
    """,
    "Dutch": """
        onze nieuwe keuken | druivenoogst | grote witte hond | bos rozen | wenteltrap | vissen in de rivier
        computerscherm | roze wolken | jongen met vlieger | uitzicht uit het vliegtuig
    """,
    "Polish": """
        nasza nowa kuchnia | winobranie | duży biały pies | bukiet róż | kręcone schody | łowienie ryb
        ekran komputera | różowe chmury | chłopiec z latawcem | widok z samolotu
    """,
}
"""Written last, and measured once before its one false alarm, `Zugspitze summit`, made compounds weigh less."""


def queries(block: str) -> list[str]:
    return [query.strip() for line in block.splitlines() for query in line.split("|") if query.strip()]


def recall(data: dict[str, str], *, named: bool) -> float:
    found = [(name, hint(query)) for name, block in data.items() if name != "English" for query in queries(block)]
    return sum(told == name if named else told is not None for name, told in found) / len(found)


@pytest.mark.parametrize("data", [SEEN, SEEN_LATER, HELD_OUT, LAST], ids=["seen", "seen later", "held out", "last"])
def test_no_english_query_is_taken_for_another_language(data):
    assert {query: found for query in queries(data["English"]) if (found := hint(query))} == {}


def test_most_queries_in_other_languages_are_told():
    assert recall(SEEN, named=False) >= 0.97
    assert recall(SEEN_LATER, named=False) >= 0.94
    assert recall(HELD_OUT, named=False) >= 0.85
    assert recall(LAST, named=False) >= 0.85
    assert recall(HELD_OUT, named=True) >= 0.8
    assert recall(LAST, named=True) >= 0.85


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("собака на пляже", "Russian"), ("собака біжить до річки", "Ukrainian"), ("σκύλος στην παραλία", "Greek"),
        ("كلب على الشاطئ", "Arabic"), ("سگ در پارک", "Persian"), ("כלב על החוף", "Hebrew"), ("海滩上的狗", "Chinese"),
        ("犬", "Chinese"), ("ビーチの犬", "Japanese"), ("海辺の犬", "Japanese"), ("해변의 개", "Korean"),
        ("หมาบนชายหาด", "Thai"), ("समुद्र तट पर कुत्ता", "Hindi"), ("ძაღლი", "Georgian"), ("Tokyo 東京", "Chinese"),
    ],
)  # fmt: skip
def test_scripts_tell_their_language(text, expected):
    assert hint(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "π",
        "5 µm",
        "Ω",
        "🏖️ 🐕",
        "12:30",
        "\ud800",
        "ｄｏｇ ｏｎ ｂｅａｃｈ",
        "a photo of 海 at the beach in Japan",
    ],
)
def test_signs_and_wide_letters_are_no_language(text):
    assert hint(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("foret enneigee", "French"), ("ninos en la nieve", "Spanish"), ("bruecke im schnee", "German"),
        ("zachod slonca", "Polish"), ("COUCHER DE SOLEIL", "French"), ("l’été à la plage", "French"),
    ],
)  # fmt: skip
def test_accents_and_case_are_not_needed(text, expected):
    assert hint(text) == expected


def test_a_file_name_tells_nothing_whatever_its_words():
    assert hint("playa_2019.jpg") is None
    assert hint("chien.jpg") is None
    assert hint("chien") == "French"


def test_places_are_names_when_written_so():
    assert hint("Playa Blanca") is None
    assert hint("Ponte Milvio") is None
    assert hint("playa con niebla") == "Spanish"


def test_english_words_outweigh_one_foreign_word():
    assert hint("sign with the word plage") is None
    assert hint("plage") == "French"


def test_lists_are_read_once_and_a_hint_takes_no_time():
    asked = [query for block in HELD_OUT.values() for query in queries(block)]
    hint(asked[0])
    loaded = language._lists()
    fastest = min(_seconds(asked) for _ in range(5)) / len(asked)
    assert language._lists() is loaded
    assert fastest < 0.0005  # 0.1 ms on an idle machine


def _seconds(asked: list[str]) -> float:
    start = time.perf_counter()
    for query in asked:
        hint(query)
    return time.perf_counter() - start


def test_word_lists_are_well_formed():
    tiers = {"telling", "place", "weak", "shared"}
    for file in language.FILES:
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("#"):
                continue
            name, tier, words = line.split("\t")
            if name not in ("English", "Names"):
                assert tier in tiers, line
                assert all(len(word.rstrip("*")) >= 3 for word in words.split() if word.endswith("*")), line
            assert words == words.lower(), line


def test_no_plain_english_word_tells_another_language():
    lists = language._lists()
    telling = {word for word in lists.english if any(tier in ("telling", "place") for _, tier in lists.of(word))}
    assert {word for word in telling if fold(word) == word} == set()


def test_unknown_scripts_are_left_alone():
    assert scripts.language_of("ᚠᚢᚦᚨᚱᚲ") is None
