using System.Globalization;
using OpenVdi.Testing;

namespace OpenVdi.Tests.Protocol;

/// <summary>The legal combinations are built from tables 4.2 and 4.3 of the document and compared for every number.</summary>
public class FeatureRulesTests
{
    private static readonly Dictionary<string, uint> s_bits = SpecDocument.Vdi.Table("4.2", "Bit").Rows
        .ToDictionary(static row => row[0]["VDF_".Length..], static row => Number(row[1]));

    [Fact]
    [Spec("V2")]
    public void IsSupported_EveryLowCombination_IsAsTheTableSays()
    {
        HashSet<uint> legal = LegalCombinations();
        for (uint bits = 0; bits < 0x10000; bits++)
        {
            Assert.True(
                legal.Contains(bits) == FeatureRules.IsSupported((VdFeatures)bits), $"features 0x{bits:X}: table and rule differ");
        }

        // Five classes with their extras, each with any of the five bits that go with all.
        Assert.Equal(5 * 32, legal.Count);
    }

    [Fact]
    [Spec("V3")]
    public void ClientBits_ServersBitsSet_AreCleared()
    {
        VdFeatures servers = VdFeatures.WriteMedia | VdFeatures.ReadMedia | VdFeatures.CompleteEnabled;
        Assert.Equal(FeatureRules.ServerOnly, servers);
        Assert.Equal(VdFeatures.LikeTape, FeatureRules.ClientBits(VdFeatures.LikeTape | servers));
        foreach (uint legal in LegalCombinations())
        {
            Assert.True(FeatureRules.IsSupported((VdFeatures)legal | servers));
        }
    }

    [Theory]
    [Spec("V2")]
    [InlineData(0x80000000u)]
    [InlineData(0x4000u)]
    [InlineData(0x80000u)]
    public void IsSupported_UnknownBit_IsRefused(uint bit) => Assert.False(FeatureRules.IsSupported((VdFeatures)bit));

    [Fact]
    public void Values_OfAllBits_AreTheTables()
    {
        foreach ((string name, uint value) in s_bits)
        {
            string ours = name == "VSSWriter" ? nameof(VdFeatures.VssWriter) : name;
            Assert.Equal(value, (uint)Enum.Parse<VdFeatures>(ours));
        }

        Assert.Equal(s_bits.Count, Enum.GetNames<VdFeatures>().Length);
    }

    private static HashSet<uint> LegalCombinations()
    {
        SpecTable table = SpecDocument.Vdi.Table("4.3", "Base value");
        uint[] any = NamedBits(table.Rows.Single(static row => row[0] == "any class")[2]);
        var legal = new HashSet<uint>();
        foreach (IReadOnlyList<string> row in table.Rows.Where(static row => row[0] != "any class"))
        {
            uint[] extras = [.. NamedBits(row[2]), .. any];
            uint basis = Number(row[1].Split(' ')[0]);
            for (int choice = 0; choice < 1 << extras.Length; choice++)
            {
                legal.Add(extras.Where((_, i) => (choice & (1 << i)) != 0).Aggregate(basis, static (sum, bit) => sum | bit));
            }
        }

        return legal;
    }

    private static uint[] NamedBits(string text) =>
        [.. s_bits.Where(bit => text.Split(' ', ',', ';').Contains(bit.Key)).Select(static bit => bit.Value)];

    private static uint Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? uint.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : uint.Parse(text, CultureInfo.InvariantCulture);
}
