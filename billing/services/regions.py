"""Where the law lets customers end an ongoing contract online, whatever the vendor has set.

Sources (read in November 2026; not legal advice):
European Union: Directive 2011/83/EU as amended by Directive (EU) 2023/2673, Art. 11a (withdrawal
function for distance contracts); national rules on ending them online, such as BGB § 312k
(Germany) and Code de la consommation L215-1-1 (France).
United States: ROSCA, 15 U.S.C. § 8403 (simple ways to stop recurring charges); California
Business and Professions Code § 17602, as amended by AB 2863 (cancelling in the medium of the
purchase), and its like in other states.
"""

EUROPEAN_UNION = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
UNITED_STATES = frozenset(["US"])
MAY_ALWAYS_CANCEL = EUROPEAN_UNION | UNITED_STATES
