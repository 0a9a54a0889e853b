using OpenVdi.Testing;
using OpenVdi.Transport;

namespace OpenVdi.Conformance.Channels;

public sealed class InProcessChannelTests() : ChannelContract(new InProcessTransport(long.MaxValue, "SQL2022"))
{
    [Fact]
    public void Names_OfTwoTransports_AreTwoNameSpaces()
    {
        SetName name = NewName();
        Create(name);
        Assert.Equal(VdResult.Invalid, new InProcessTransport().Open("", name, out _)?.Result);
    }

    [Fact]
    [Spec("N12")]
    public void Open_OtherInstance_DoesNotFindTheSet()
    {
        SetName name = NewName();
        Assert.Null(Transport.Create("SQL2022", name, Wishes(1), out IClientChannel? client));
        Own(client!);
        Assert.Equal(VdResult.Invalid, Transport.Open("", name, out _)?.Result);
        Assert.Equal(VdResult.ProtocolError, Transport.Create("", name, Wishes(1), out _)?.Result);
        Assert.Null(Transport.Open("SQL2022", name, out IServerChannel? server));
        Own(server!);
    }

    [Fact]
    [Spec("N13")]
    public void ResolveInstance_KnownInAnyCase_GivesTheKnownForm()
    {
        Assert.Null(Transport.ResolveInstance("sql2022", out string resolved));
        Assert.Equal("SQL2022", resolved);
        Assert.Equal(VdResult.UnknownInstance, Transport.ResolveInstance("SQL2019", out _)?.Result);
    }

    [Fact]
    public void Sweep_Always_FindsNothing() => Assert.Empty(Transport.Sweep());
}

public sealed class InProcessChannelTrafficTests() : ChannelTrafficContract(new InProcessTransport())
{
    [Fact]
    [Spec("AT20")]
    public void AddAreas_BeyondTheLimit_IsRefusedWhole()
    {
        var transport = new InProcessTransport(300_000);
        SetName name = NewName();
        Assert.Null(transport.Create("", name, Wishes(1), out IClientChannel? client));
        Own(client!);
        Assert.Null(transport.Open("", name, out IServerChannel? server));
        Own(server!);
        VdFailure? failure = server!.AddAreas([200_000, 200_000], 0, out BufferArea[]? areas);
        Assert.Equal(VdResult.OutOfMemory, failure?.Result);
        Assert.Contains("400000", failure!.Message, StringComparison.Ordinal);
        Assert.Contains("300000", failure.Message, StringComparison.Ordinal);
        Assert.Null(areas);

        // Nothing was kept back by the failure; and all comes back when the last party leaves.
        Assert.Null(server.AddAreas([300_000], 0, out _));
        Assert.Equal(VdResult.OutOfMemory, server.AddAreas([1], 0, out _)?.Result);
        server.Dispose();
        client!.Dispose();
        Assert.Null(transport.Create("", name, Wishes(1), out client));
        Own(client!);
        Assert.Null(transport.Open("", name, out server));
        Own(server!);
        Assert.Null(server!.AddAreas([300_000], 0, out _));
    }

    [Fact]
    public void AddAreas_LargerThanAnAreaCanBe_IsRefused()
    {
        SetName name = NewName();
        Create(name);
        Assert.Equal(VdResult.OutOfMemory, Open(name).AddAreas([BufferHandle.MaxAreaBytes + 1L], 0, out _)?.Result);
    }
}
