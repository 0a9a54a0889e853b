using OpenVdi.Testing;

namespace OpenVdi.Tests.Protocol;

public class ConfigurationRulesTests
{
    private static readonly SetConfiguration s_wishes = new() { DeviceCount = 2, PrefixZoneSizeBytes = 1000 };

    [Theory]
    [Spec("V1")]
    [InlineData(0u, false)]
    [InlineData(1u, true)]
    [InlineData(64u, true)]
    [InlineData(65u, false)]
    [InlineData(uint.MaxValue, false)]
    public void CheckWishes_DeviceCount_IsOneToSixtyFour(uint count, bool isGood) =>
        AssertWishes(isGood, s_wishes with { DeviceCount = count });

    [Theory]
    [Spec("V2")]
    [InlineData(0x173u, true)]
    [InlineData(0x172u, false)]
    [InlineData(0x200u, true)]
    [InlineData(0x210u, false)]
    public void CheckWishes_Features_AreOneClass(uint features, bool isGood) =>
        AssertWishes(isGood, s_wishes with { Features = (VdFeatures)features });

    [Theory]
    [Spec("V4")]
    [InlineData(0u, true)]
    [InlineData(1u, true)]
    [InlineData(4096u, true)]
    [InlineData(65536u, true)]
    [InlineData(3u, false)]
    [InlineData(4097u, false)]
    [InlineData(131072u, false)]
    [InlineData(0x80000000u, false)]
    public void CheckWishes_Alignment_IsAPowerOfTwoToSixtyFourKiB(uint alignment, bool isGood) =>
        AssertWishes(isGood, s_wishes with { AlignmentBytes = alignment });

    [Theory]
    [Spec("V1")]
    [InlineData(ConfigurationRules.MaxPrefixZoneSizeBytes, true)]
    [InlineData(ConfigurationRules.MaxPrefixZoneSizeBytes + 1, false)]
    [InlineData(uint.MaxValue, false)]
    public void CheckWishes_PrefixZone_HasALimit(uint size, bool isGood) =>
        AssertWishes(isGood, s_wishes with { PrefixZoneSizeBytes = size });

    [Fact]
    [Spec("V3")]
    public void NormalizeWishes_ServersPart_IsCleared()
    {
        SetConfiguration wishes = s_wishes with
        {
            Features = VdFeatures.LikeDisk | FeatureRules.ServerOnly,
            BlockSizeBytes = 1,
            MaxIODepth = 2,
            MaxTransferSizeBytes = 3,
            BufferAreaSizeBytes = 4,
        };
        Assert.Null(ConfigurationRules.CheckWishes(wishes));
        Assert.Equal(s_wishes with { Features = VdFeatures.LikeDisk }, ConfigurationRules.NormalizeWishes(wishes));
    }

    [Fact]
    [Spec("V6")]
    public void Negotiate_BlockSize_IsAPowerOfTwoFromHalfToSixtyFourKiB()
    {
        foreach (uint size in (uint[])[0, 1, 256, 511, 513, 768, 65535, 65537, 131072, uint.MaxValue])
        {
            AssertRefused(Negotiate(s_wishes, blockSize: size, out _));
        }

        for (uint size = 512; size <= 65536; size *= 2)
        {
            Assert.Null(Negotiate(s_wishes, blockSize: size, out SetConfiguration? configuration));
            Assert.Equal(size, configuration!.BlockSizeBytes);
        }
    }

    [Theory]
    [Spec("V7")]
    [InlineData(512u, false)]
    [InlineData(2048u, false)]
    [InlineData(4096u, true)]
    [InlineData(6144u, false)]
    [InlineData(8192u, true)]
    [InlineData(65536u, true)]
    [InlineData(131072u, false)]
    public void Negotiate_Alignment_IsAPowerOfTwoFromTheBlockSize(uint alignment, bool isGood)
    {
        VdFailure? failure = Negotiate(s_wishes, 4096, alignment, out SetConfiguration? configuration);
        if (isGood)
        {
            Assert.Null(failure);
            Assert.Equal(alignment, configuration!.AlignmentBytes);
        }
        else
        {
            AssertRefused(failure);
            Assert.Null(configuration);
        }
    }

    [Fact]
    [Spec("V8")]
    public void Negotiate_AlignmentZero_BecomesTheBlockSize()
    {
        Assert.Null(Negotiate(s_wishes, 2048, 0, out SetConfiguration? configuration));
        Assert.Equal(2048u, configuration!.AlignmentBytes);
    }

    [Theory]
    [Spec("V9")]
    [Spec("V10")]
    [InlineData(0u, false)]
    [InlineData(512u, false)]
    [InlineData(65535u, false)]
    [InlineData(65536u, true)]
    [InlineData(98304u, false)]
    [InlineData(4194304u, true)]
    [InlineData(8388608u, true)]
    public void Negotiate_MaxTransferSize_IsAMultipleOfSixtyFourKiB(uint size, bool isGood)
    {
        VdFailure? failure = ConfigurationRules.Negotiate(s_wishes, 0, 512, 0, size, out SetConfiguration? configuration);
        Assert.Equal(isGood, failure is null);
        Assert.Equal(isGood ? size : null, configuration?.MaxTransferSizeBytes);
        Assert.Equal(isGood ? null : VdResult.Invalid, failure?.Result);
    }

    [Theory]
    [Spec("V11")]
    [InlineData(8192u, 4096u, 0u, false)]
    [InlineData(8192u, 4096u, 4096u, false)]
    [InlineData(8192u, 4096u, 8192u, true)]
    [InlineData(8192u, 8192u, 0u, true)]
    [InlineData(1u, 512u, 0u, true)]
    public void Negotiate_AlignmentBelowTheClients_IsRefused(uint clients, uint blockSize, uint alignment, bool isGood)
    {
        VdFailure? failure = Negotiate(s_wishes with { AlignmentBytes = clients }, blockSize, alignment, out _);
        Assert.Equal(isGood ? null : VdResult.Invalid, failure?.Result);
    }

    [Fact]
    [Spec("G4")]
    public void Negotiate_Features_AreTheClientsAndTheServersOwn()
    {
        SetConfiguration wishes = s_wishes with { Features = VdFeatures.LikeTape | VdFeatures.RequestComplete };
        Assert.Null(ConfigurationRules.Negotiate(
            wishes, VdFeatures.WriteMedia | VdFeatures.CompleteEnabled, 512, 0, 65536, out SetConfiguration? configuration));
        Assert.Equal(wishes.Features | VdFeatures.WriteMedia | VdFeatures.CompleteEnabled, configuration!.Features);

        // What the client did not offer, and what it did not ask for.
        AssertRefused(ConfigurationRules.Negotiate(
            s_wishes, VdFeatures.Discard | VdFeatures.WriteMedia, 512, 0, 65536, out _));
        AssertRefused(ConfigurationRules.Negotiate(s_wishes, VdFeatures.CompleteEnabled, 512, 0, 65536, out _));
    }

    [Fact]
    [Spec("G5")]
    public void Negotiate_PlainPipeBackup_HasFeatures10000()
    {
        Assert.Null(ConfigurationRules.Negotiate(
            s_wishes, VdFeatures.WriteMedia, 512, 0, 65536, out SetConfiguration? configuration));
        Assert.Equal(0x10000u, (uint)configuration!.Features);
    }

    [Fact]
    [Spec("G1")]
    [Spec("G3")]
    public void Negotiate_ClientsPart_StaysAsWished()
    {
        SetConfiguration wishes = s_wishes with
        {
            SoftFileMarkBlockSizeBytes = 7,
            EomWarningSizeBytes = 8,
            ServerTimeoutMilliseconds = 9,
        };
        Assert.Null(Negotiate(wishes, 1024, 0, out SetConfiguration? configuration));
        Assert.Equal(
            wishes with
            {
                AlignmentBytes = 1024,
                BlockSizeBytes = 1024,
                MaxIODepth = 4,
                MaxTransferSizeBytes = 65536,
            },
            configuration);
    }

    private static VdFailure? Negotiate(SetConfiguration wishes, uint blockSize, out SetConfiguration? configuration) =>
        Negotiate(wishes, blockSize, 0, out configuration);

    private static VdFailure? Negotiate(
        SetConfiguration wishes, uint blockSize, uint alignment, out SetConfiguration? configuration) =>
        ConfigurationRules.Negotiate(wishes, 0, blockSize, alignment, 65536, out configuration);

    private static void AssertWishes(bool isGood, SetConfiguration wishes) =>
        Assert.Equal(isGood ? null : VdResult.NotSupported, ConfigurationRules.CheckWishes(wishes)?.Result);

    private static void AssertRefused(VdFailure? failure) => Assert.Equal(VdResult.Invalid, failure?.Result);
}
