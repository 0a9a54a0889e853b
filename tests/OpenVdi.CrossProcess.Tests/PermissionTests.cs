using OpenVdi.Testing;
using OpenVdi.TestPeer;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>Who may come near a set.</summary>
public sealed class PermissionTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode OwnerAndGroup = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    [Theory]
    [InlineData("000")]
    [InlineData("777")]
    [Spec("U13")]
    public void Create_WhateverTheUmask_MakesANameForItsOwnerAlone(string umask)
    {
        using var fleet = new Fleet();
        string set = Fleet.NewName("mode");
        Peer primary = fleet.Start("primary", launcher: ["sh", "-c", $"umask {umask}; exec \"$0\""]);
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(HostileSocket.PathOf(set)));

        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    [Fact]
    [Spec("U7")]
    [Spec("V12")]
    public void Open_ByAnotherUser_IsInvalid()
    {
        if (!CanBeAnother)
        {
            return;
        }

        using var fleet = new Fleet();
        string set = Fleet.NewName("other");
        Peer primary = fleet.Start("primary");
        Peer stranger = fleet.Start("stranger", launcher: AsNobody());
        Assert.Equal("NOERROR", primary.Call(Requests.Create(set)).Code);

        Assert.Equal("VD_E_INVALID", stranger.Call(Requests.Open(set)).Code);
        Assert.Equal("VD_E_PROTOCOL", stranger.Call(Requests.Create(set)).Code);
        stranger.Send(Requests.Sweep());
        stranger.Expect("swept", "sweep");

        Peer server = fleet.Start("server");
        Assert.Equal("NOERROR", server.Call(Requests.Open(set)).Code);
        fleet.AssertNoExceptions();
    }

    [Fact]
    [Spec("U10")]
    [Spec("U13")]
    public void Open_ByAnotherUserOfTheConfiguredGroup_Works()
    {
        if (!CanBeAnother)
        {
            return;
        }

        using var fleet = new Fleet();
        string set = Fleet.NewName("group");
        var environment = new Dictionary<string, string> { [GroupVariable] = "nogroup" };
        Peer primary = fleet.Start("primary", environment);
        Peer server = fleet.Start("server", environment, AsNobody());
        primary.Send(Requests.Primary(set, 2, "0,1", 8));
        Assert.Equal("NOERROR", primary.Expect("created", set).Code);
        Assert.Equal(OwnerAndGroup, File.GetUnixFileMode(HostileSocket.PathOf(set)));

        server.Send(Requests.Serve(set, "backup", 8, 1 << 20));

        Assert.True(server.Expect("served", set).Flag("good"));
        primary.Expect("stored", set);
        Assert.Equal("NOERROR", server.Call(Requests.Close(set)).Code);
        Assert.Equal("NOERROR", primary.Call(Requests.Close(set)).Code);
        Leftovers.AssertNone(set);
    }

    private const string GroupVariable = "OPENVDI_GROUP";

    /// <summary>Only root can be somebody else.</summary>
    private static bool CanBeAnother => Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv");

    private static string[] AsNobody() => ["/usr/bin/setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
}
