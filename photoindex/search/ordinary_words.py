"""Words that name places and mean something else besides, in English and French, folded.

They are the frequent words of both languages that are names in the gazetteer as well, less those that nearly always
mean the place.
"""

from __future__ import annotations


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


TOWNS = word_set(
    """
    angers brest buffalo cannes chester cork lens lourdes mobile nancy nice phoenix reading split tours troyes
    vichy
    """
)
"""Towns first of all: taken for places in lower case too after `in` or `à`, unless they describe what follows."""

PEOPLE = word_set(
    """
    abel abraham ada adam adams adrian alan albert alex alexander alexis alfred ali alice allan allen amanda
    anderson andrews angelina ann anna anne anthony archer arnold arthur ashley augustin aurora bailey barbara
    barry bella ben benjamin bernard bertrand beverly bill billy blair blanche brad bradley brandon brent brooke
    bruce bruno bryan byron cameron camille campbell carl carla carlos carolina carroll carson casey castro celeste
    celine chad chantal charlotte chelsea christian christopher claire clara clarence claude clement clinton clyde
    cody cole colin collins connor constance cooper craig curtis cyril dale dan dana daniel dante darwin dave david
    davis dean denis denise dennis diana diane dominic don donald donna douglas drew duncan dylan edgar edwards
    eleanor elena elizabeth ellis elvis emerson emilia emily emma erin ethel eugene eva evan evans evelyn faith
    felix ferdinand fernando fleur flora florence florian floyd forest frances francis franck francois frank
    franklin fraser fred frederic frederick freeman gabriel garcia gary gaston george georges georgia gerald gerard
    gibson gilbert gilles gloria gordon grace graham grant gregory guy hamilton hannah harold harper harriet harris
    harrison harry harvey hector helen helena henri henry herbert herve hope howard hudson hugh hugo hunter ida
    ines ira irene iris isabel isabelle ivan ivy jack jackson jade james jamie jane jasper jay jean jefferson jenny
    jeremy jerome jerry jesse jessica jesus jim joan joel john johnson jones jordan joseph josephine joshua joy
    juan julia julian julie june justin karen karl kate katherine keith kelly ken kennedy kenneth kent kevin kim
    kyle lara laura laurel laurent lawrence lea lee leo leon leonard leonardo leroy leslie lewis lily lincoln linda
    lisa lloyd logan lola louis louisa louise luc luca lucas lucia lucie lucy luis luke lynn madison maggie manon
    manuel marc marcel marco marcos marcus margaret maria marian marie marina mario marion mark marlene martha
    martin martinez mary mason mateo mathieu matthew maurice max maxwell maya megan melissa mercedes michael michel
    miguel miles milo miranda mitchell molly monica morgan morris murphy murray natalie nathan nelson newton
    nicolas nicole nina noah noel nora norman olga oliver olivia omar oscar otto owen pablo palmer pamela parker
    pascal pat patricia patrick paul paula pauline pearl pedro percy peter phil philip philippe pierre preston
    quentin rachel ralph ramon ramsey ray raymond rebecca regina remy rene richard richmond riley rita robert
    roberts robinson rodriguez roger roland roman romeo ron rosa rosalie rosemary ross roy ruby russell ruth ryan
    sabrina saint sally salvador sam samuel sandra sara sarah savannah scott sebastian selena serena shannon sharon
    shirley sidney sierra silvia simon simone sofia solomon sonia sophia sophie spencer stanley stella stephen
    sterling steven stewart stuart sue susan susanna sylvia taylor teresa theodore theresa thomas tim timothy tina
    tom tony tracy tyler valentine valerie vera vernon veronica victor victoria vincent viola violet virginia
    vivian walker wallace walter warren wayne wendy wesley william williams willis wilson winston xavier yves zoe
    """
)
"""Given names and surnames: `photos of Charlotte` are not of the town."""

WORDS = word_set(
    """
    acre action adieu age agency aigle air all alliance along alpha altar ami amis an ancien ange angel angle
    anniversaire ant apex apple apples arbre arc arch are arena army art as ascension ash ask at au aura automne
    autumn avant avenue aye babies baby bac back bacon bag bail bain bains bake baker balcon bald ball balle ballon
    bamboo ban banana band bande bang bank bar barber bare bark barn barque barre base basin basket bat bateau bath
    baths battle bay beach beacon bean bear beau beauty beaver bebe bed bee been beer bell belle belt ben benches
    bend beneath berg berger berry best bete bichon big bike bikes birch bird birds bite black blade bless blessing
    blond blossom blue boat boats body bois bol bone bonne boom boot bord border bore born bosse bot bottle bouche
    bouquet bow bowl box boy boys branch brand bras brave bread breeze brick bride bridge bright brilliant brook
    brooks brush bud bull bulle bulls burns bush but butte butterfly buy cabin cable cache cactus cafe cage cake
    camel camp campagne camping campus can canal cane canoe canon canyon cap cape car card caribou carre carrefour
    carrot cars cascade cash casino castle cat cats cave caves cedar center central centre chair champ champagne
    champion champs change chapel charge chase chat chateau chatte chaumes cheese chemin cheminee cheval chevre
    chicken chien chiens child children chili china christmas church ciel circle cirque city clair classe clay
    clear cliff cloud clouds clover club coast coat cobra coin cold collection college colonia colonie columbine
    come comfort commerce complex concert concrete cook cool coq coquille coral corn corner cosy coton cottage
    country cour courage cours court couvent cow crane cream creek crete crib cricket crique croix cross crossing
    crow crown crystal cube cup cut dad daisy dam dame dance danse dark dart date dawn day de deal deer delta dent
    depart desert devil diamond dock dog dogs dome don door double dove dragon dream drum dry duck due dune dunes
    dust eagle early earth east easter eau echelle eclipse ecole eden eglise elephant elk elm empire end energy
    english enter equality erin escalier est etang ete etoile eve evening experiment eye fall falls famille family
    fan fancy farm fate fence fenetre fern ferry festival feu fin finale fire fish five flag flat fleche fleur
    fleurs flint floor flower flowers fog fontaine force ford fore foret forge fork form fort fortune fosse
    fountain four fox franc free freedom fresh friend friendly friendship front frost fruit full fun gala game gap
    garage garden gare gas gate gateau gates gateway gem general giant girl girls glace glacier glass glen globe
    goat god gold golden golf good gorge gorges grace grain grand grande granite grass grave gravel gray green grey
    grill grotte grotto ground grove guard gulf gun half hall halle halloween ham hand happy harbor harbour hard
    harmony hat haut haute haven hay head heart heath heel heights herb herbes hero heron hey high highland hill
    hills hive hiver hog hold hole holiday holly home honey hook horn horse horses hospital hot hotel hour house
    hub huit hull human humble hunt hurricane hut ice ile iles image imperial in independence indigo industry inn
    iron is island isle ivory jade jar jardin jardins jasmine jet jeu jeux job joie jour journey juillet july jump
    junction junior jupiter just justice kayak keep key keys kick kid kids kill king kings kiss kitchen kite knife
    knight lab lac lacs lady lake lakes lamb lamp land landing landscape lane large largo last laurier lavande law
    lawn leaf league leaves legacy level liberte liberty library life light lights lily lima lime limestone lion
    lions lit little live lodge log lone long look loop lotus love lovely low luck lucky lumiere luna lune lynx mad
    made madonna magenta magnolia maid main mairie maison male man manger manor maple marais marathon marble march
    marche mare mariage marin marine market mars marsh marshall mat matin may meadow meadows mean melon men mer
    mercury mere merle mesa metro meuble mexican midi midnight midway mignon mile miles mill mills mine mineral
    mines mini mint mirador mire miroir mission mist moi mole mom moment mon monastery monde monkey monster mont
    montagne montagnes monte monts monument moon moose morning moss mother moto moulin moulins mountain mountains
    mouse mouton moutons mud mule mur museum music must nation natural nature neige nest net new nid nine noble
    noel noir none nord north nouveau nuage nuit number oak oasis object ocean october oeuf off office oil oiseau
    old olive olympia on once one onion open opera or oracle orange oranges orchard orient original orme ouest our
    out outlook over owl oxen pack page paint palace palm palms panorama papa paques parade paradis paradise parc
    park parks parole part party pass passage pasta path patio pay peace peach peacock peak peaks pearl pearls
    pecan pen penguin people pepper perdu pere perfect perle petit petite photo pic pie pied pier pierre pierres
    pigeon pin pine pines pink pins pioneer piscine piste pity place plage plages plain plains plan planes plank
    plant plantation plate plateau platform play plaza pleasant plein plenty pluie plum plume point pointe poisson
    polling polo pomme pommier pond pont ponts pool pop poplar port porte porter portes portrait pose post pot
    potager poteau pound power prairie pray pre pretty price pride prime prince princess princesse principal
    printemps prior prise progress promise prospect protection prune puits pump pumpkin punch pure puy quai quarry
    quartier quatre queen queens quiet rabbit race rail rain rainbow ranch range rapids rate rave raven ray real
    red redwood reef regal regard reine renard repas reserve rest retreat riche ride ridge ring rio rise rivage
    rive river rivers riverside riviere riz road robe robin roc roche rocher rochers rock rocks rocky roi romance
    roof room root rose roses rouge round route roux royal rue rugby ruines rule run rush rust sable safari saga
    sage sail saints salad salade salle salmon salon salt same sand sandwich sandy santa satin sauce sauna savage
    saw scene school score sea seal season second secret section sens sept serre set seven shade shadow shallow
    share shark sheep shell shells shields ship shop shore show shower side sierra sign silver sin sister six ski
    sky slope small smile smiles smoke snow snowflake soft soir sol soleil solo son song soul soupe source souris
    south spa space sparks speed spring springs spruce square stable stadium stamps stand star stars start station
    statue steep step steps stock stone stones stop store storm stove strand straw strawberry stream street strong
    sucre sucres sud sugar summer summit sun sunday sunny sunrise sunset sunshine sur surf surprise swan sweet swim
    tab table tank tarte tea team telephone temple ten tent terrace terrasse terre terres tete theatre thermal
    thistle three thunder tide tiger tigre timber time tire toast toit tomato tomb tombe tool top torch toro tortue
    tour tourist tower towers town toy track trail train trains transfer travel treasure tree trees trente triangle
    trinity trip triumph trone troupe trout truck true tube tulip tunnel turkey turquoise turtle twin two ugly una
    under union unique unity university up urn usine vache vaches val vallee valley valleys vals van vase velo vent
    venus verre vert verte via victory vieux view vigne vignes vignoble villa village villages villas ville violet
    violette vista vogue voie voile voiture voitures volcan volcano vue wade wagon walk wall walls war warm warrior
    water waterfall watson wave waves way web wedding weed week well wells west wet wheat wheel white wide wild
    wilderness willow wind windmill window wine wines wing winter wise wolf woman women wonder wood woodland woods
    wool work world yellow yes young zebra zone zoo
    """
)
"""Words that describe pictures: taken for places only with a capital letter and after a preposition."""

SHORTEST = 4
"""Letters of the shortest name that is taken in lower case: shorter ones are words in some language."""


def is_ordinary(key: str) -> bool:
    """Whether a folded name is, but for its articles, made of words that describe pictures: `mountain lake`."""
    words = [word for word in key.split() if word not in ("the", "la", "le", "les")]
    return all(word in WORDS for word in words)
