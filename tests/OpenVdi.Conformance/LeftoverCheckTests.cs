using OpenVdi.Testing;

namespace OpenVdi.Conformance;

/// <summary>The checks that each class ends with, shown what they must find.</summary>
[Collection(SharedMemoryCollection.Name)]
public sealed class LeftoverCheckTests
{
    [Fact]
    public void Check_WithASetStillOpen_ReportsItsNameAndItsMappings()
    {
        var kind = new SharedMemoryKind();
        var set = new BothHalves(kind.CreateTransport(), kind.NewName());
        set.Running();
        Assert.NotEmpty(kind.Remains(set.Name));
        Assert.Contains(kind.Mappings(), m => m.Contains("openvdi-control", StringComparison.Ordinal));
        Assert.Contains(kind.Mappings(), m => m.Contains("openvdi-buffers", StringComparison.Ordinal));
        Assert.Throws<ScriptFailedException>(kind.Dispose);

        set.Dispose();
        kind.Dispose();
    }

    [Fact]
    public void Check_WithASetStillOpenInTheTwin_ReportsItsName()
    {
        var kind = new InProcessKind();
        var set = new BothHalves(kind.CreateTransport(), kind.NewName());
        set.Created();
        Assert.Throws<ScriptFailedException>(kind.Dispose);
        set.Dispose();
        kind.Dispose();
    }
}
