using OpenVdi.Testing;

namespace OpenVdi.Tests.Protocol;

public class SetNameTests
{
    [Theory]
    [Spec("N1")]
    [Spec("N2")]
    [InlineData("{8A3F2C44-0B8A-4B5E-9C0A-2E1E6D7C5B10}")]
    [InlineData("0d8f6c1e-8c9b-4a37-9a53-3e5f9c1d2b7a")]
    [InlineData("a name with spaces / slashes : and * stars")]
    [InlineData("Sicherung für Köln")]
    [InlineData("備份\uD83D\uDCBE")]
    [InlineData("\uFFFD")]
    public void TryParse_LegalName_IsKeptAsItIs(string text)
    {
        Assert.True(SetName.TryParse(text, out SetName name, out string? problem), problem);
        Assert.Equal(text, name.Value);
        Assert.Equal(text, name.ToString());
    }

    [Theory]
    [Spec("V5")]
    [Spec("N2")]
    [InlineData(null, "null")]
    [InlineData("", "empty")]
    [InlineData(@"machine\set", "backslash")]
    [InlineData("a\0b", "NUL")]
    public void TryParse_IllegalName_SaysWhatIsWrong(string? text, string expected)
    {
        Assert.False(SetName.TryParse(text, out SetName name, out string? problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.Equal(string.Empty, name.Value);
    }

    // Built here: a lone surrogate does not survive the serialization of a test's arguments.
    [Fact]
    [Spec("V5")]
    public void TryParse_LoneSurrogate_IsRefused()
    {
        foreach (string text in new[] { "a\uD800b", "\uDC00", "a\uDC00\uD800", "\uFFFD\uD800" })
        {
            Assert.False(SetName.TryParse(text, out _, out string? problem));
            Assert.Contains("UTF-16", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Spec("N9")]
    public void TryParse_LongName_IsRefusedBeyondTheLimit()
    {
        Assert.True(SetName.MaxLength >= 128);
        Assert.True(SetName.TryParse(new string('n', 128), out _, out _));
        Assert.True(SetName.TryParse(new string('n', SetName.MaxLength), out _, out _));
        Assert.False(SetName.TryParse(new string('n', SetName.MaxLength + 1), out _, out string? problem));
        Assert.Contains("201", problem, StringComparison.Ordinal);
    }

    [Fact]
    [Spec("N3")]
    public void Equals_OtherCase_IsAnotherName()
    {
        Assert.True(SetName.TryParse("Set", out SetName upper, out _));
        Assert.True(SetName.TryParse("set", out SetName lower, out _));
        Assert.NotEqual(upper, lower);
    }
}
