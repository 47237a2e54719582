package sim

import (
	"strings"
	"unicode"
)

// people are invented; any likeness is chance.
var people = []string{
	"Amara Velthuis", "Tomasz Okonweze", "Ingrid Salabarria", "Kofi Brandvold", "Leilani Marchetto", "Ravi Tornquist",
	"Sanne Adeyinka", "Mateo Lindqvall", "Yuki Ferreiro", "Nadia Holtzberg", "Bram Castellón", "Fatou Wierzba",
	"Elif Dragomir", "Jonas Mbatha", "Priya Vandermolen", "Oskar Tuilagi", "Zoë Kapadokis", "Hamza Nordstroem",
	"Camila Östergård", "Idris Papadelis", "Saoirse Mukherji", "Linh Bergsma", "Anouk Tshabala", "Dario Winterbourne",
	"Malia Kowalczuk", "Farid Engelsman", "Greta Nakahama", "Thabo Ruzicka", "Isla Montserrat", "Emeka Halvorsrud",
	"Noor Fitzalan", "Piotr Kealoha", "Aylin Boateng", "Sven Achterberg", "Chiara Ndlovane", "Mehmet Oyelaran",
	"Runa Santillan", "Kwame Vestergren", "Marit Chaudhary", "Luca Abernethon", "Hana Quispel", "Joaquín Eriksrud",
	"Vera Tamihana", "Ayodele Zielinko", "Freya Bhattacharjo", "Niko Rasolofo", "Mina Overgaard", "Tariq Sundqvall",
	"Aino Delacroix-Amadi", "Rafael Ishikuro", "Solveig Mwangira", "Émile Haraldsen", "Dalia Kruszewo", "Wout Pereirinha",
	"Keala Sørbråten", "Yasmin Torvaldsen", "Bogdan Iwuchi", "Liv Castanheiro", "Arjun Vestmann", "Rosa Ylinenpää",
}

// The first and the second word of invented agencies.
var (
	places = []string{
		"Aldermoor", "Brindlewick", "Corvane", "Dunmarle", "Esterholt", "Fennigate", "Garrowby", "Hallowmere", "Ivelstone", "Jessamont",
		"Kelderfen", "Larkhollow", "Merrowdale", "Nethersole", "Ormsgarth", "Pellamoor", "Quillstead", "Ravensmarch", "Saltergill", "Thornavel",
		"Ulverhay", "Vennimore", "Wexlow", "Yarrowick", "Zennbury",
	}
	trades = []string{"Homes", "Estates", "Lettings", "& Daughters"}
)

// slug is a name as it stands in addresses.
func slug(name string) string {
	plain := strings.NewReplacer("ë", "e", "é", "e", "É", "e", "ó", "o", "ö", "o", "Ö", "o", "å", "a", "ä", "a", "ø", "o", "í", "i", "&", "and")
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return '-'
		}
		return unicode.ToLower(r)
	}, plain.Replace(name))
}
